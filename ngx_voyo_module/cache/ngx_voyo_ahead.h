
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_AHEAD_H_INCLUDED_
#define _NGX_VOYO_AHEAD_H_INCLUDED_


#include "ngx_voyo_fill.h"

#include <ngx_http.h>


/*
 * Reading ahead: the slices after the one that is being sent are fetched before
 * the client needs them.
 */

typedef struct ngx_voyo_seen_s  ngx_voyo_seen_t;


/* Per request of a client, initially zeroed. */

typedef struct {
    off_t                 looked;        /* looked up to here */
    ngx_uint_t            hash;          /* of name and size of slices, or 0 */
    unsigned              asked:1;       /* slices were requested */
    unsigned              taken:1;       /* the client has got a slice */
} ngx_voyo_ahead_t;


/* The slices that a worker remembers.  NULL: no memory. */
ngx_voyo_seen_t *ngx_voyo_ahead_create(ngx_cycle_t *cycle);

/*
 * Called when "r" has looked up its slice.  Queues the following slices that
 * are not in the cache, as many as "voyo_ahead" allows and none beyond the byte
 * "last".  "request" describes them; its offset is set here.
 */
void ngx_voyo_ahead(ngx_http_request_t *r, ngx_voyo_ahead_t *ahead,
    ngx_voyo_fill_request_t *request, off_t last);


#endif /* _NGX_VOYO_AHEAD_H_INCLUDED_ */
