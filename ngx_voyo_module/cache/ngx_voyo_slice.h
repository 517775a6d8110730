
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_SLICE_H_INCLUDED_
#define _NGX_VOYO_SLICE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * What is to be done when a slice is looked up in the cache: those that wait
 * while somebody else fetches it are woken soon after it is there, and the
 * slices after it are fetched ahead of the listener.
 */

typedef struct ngx_voyo_slices_s  ngx_voyo_slices_t;


/* Of a listener's request, zeroed at first: one slice at a time. */

typedef struct {
    ngx_queue_t           queue;
    ngx_http_request_t   *request;       /* the slice's, or NULL */
} ngx_voyo_follow_t;


/* For one worker.  NULL: no memory. */
ngx_voyo_slices_t *ngx_voyo_slices_create(ngx_cycle_t *cycle);

/*
 * A request, or a slice's subrequest, is about to look up its slice.  It is
 * looked at when that has been done.
 */
void ngx_voyo_follow(ngx_voyo_slices_t *slices,
    ngx_voyo_follow_t *lookup, ngx_http_request_t *r);

/* The listener leaves. */
void ngx_voyo_follow_leave(ngx_voyo_follow_t *lookup);


#endif /* _NGX_VOYO_SLICE_H_INCLUDED_ */
