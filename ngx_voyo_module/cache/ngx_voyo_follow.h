
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_FOLLOW_H_INCLUDED_
#define _NGX_VOYO_FOLLOW_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * Tracks the cache lookup of a request, or of a slice's subrequest.  A request
 * that waits while another one fetches the slice is woken soon after the slice
 * is stored: nginx itself checks every 500 ms (docs/upstream.md, N3, N25).  If
 * it cannot be stored, all that wait for it continue at once; nginx would let
 * them make one attempt after another.
 */

typedef struct ngx_voyo_follows_s  ngx_voyo_follows_t;
typedef struct ngx_voyo_follow_s   ngx_voyo_follow_t;


/* Called when "r" has done its lookup: r->cache has the result. */
typedef void (*ngx_voyo_follow_pt)(ngx_http_request_t *r,
    ngx_voyo_follow_t *follow);

/*
 * Called while "r" waits.  Returns the status to finalize it with, if the
 * attempt that it waits for has failed, or 0.
 */
typedef ngx_uint_t (*ngx_voyo_follow_failed_pt)(ngx_http_request_t *r,
    ngx_voyo_follow_t *follow);


/* Per request of a client, initially zeroed: one slice at a time. */

struct ngx_voyo_follow_s {
    ngx_queue_t           queue;
    ngx_http_request_t   *request;       /* the slice's, or NULL */
    ngx_msec_t            began;         /* the lookup */
    ngx_uint_t            status;
    ngx_voyo_follow_pt    handler;
    ngx_voyo_follow_failed_pt  failed;
};


/* Per worker.  NULL: no memory. */
ngx_voyo_follows_t *ngx_voyo_follows_create(ngx_cycle_t *cycle);

/*
 * "r" is about to look up its slice.  Both handlers of "follow" are set.
 * NGX_ERROR: no memory.
 */
ngx_int_t ngx_voyo_follow(ngx_voyo_follows_t *follows,
    ngx_voyo_follow_t *follow, ngx_http_request_t *r);

/* The client disconnects. */
void ngx_voyo_follow_leave(ngx_voyo_follow_t *follow);


#endif /* _NGX_VOYO_FOLLOW_H_INCLUDED_ */
