
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_SLICE_H_INCLUDED_
#define _NGX_VOYO_SLICE_H_INCLUDED_


#include "ngx_voyo_module.h"


/*
 * The slices of a response: the context of the guard, of the main request.
 *
 * nginx's slice filter fetches each slice but the first with a subrequest,
 * which nginx keeps, with its file, until the main request ends
 * (docs/upstream.md, N11).  Here each has a pool of its own, destroyed once the
 * next slice begins: a listener costs the same at the end of an hour as at its
 * start.
 */

typedef struct {
    ngx_http_request_t   *request;     /* of the slice being sent */
    off_t                 expected;    /* bytes, by its header */
    off_t                 received;

    off_t                 passed;      /* bytes of the response so far */
    ngx_str_t             etag;        /* of the first slice */

    ngx_pool_cleanup_t   *cleanup;     /* destroys the slice's pool */
    ngx_pool_t           *main;        /* while another is in its place */
    u_char               *unused;      /* memory of the other */
    unsigned              kept:1;      /* the slice's variables */
} ngx_voyo_slices_t;


/* The context, or NULL: "r" is not answered in slices. */
#define ngx_voyo_slices(r)                                                    \
    ngx_http_get_module_ctx((r)->main, ngx_voyo_guard_filter_module)


extern ngx_module_t  ngx_voyo_guard_filter_module;


/*
 * Between the two, in the filters before and after nginx's slice filter, what
 * the slice filter allocates in the pool of the main request "r" is the next
 * slice's.  After an NGX_ERROR of the latter the request has to be finalized.
 */
void ngx_voyo_slice_begin(ngx_http_request_t *r, ngx_voyo_slices_t *slices);
ngx_int_t ngx_voyo_slice_end(ngx_http_request_t *r, ngx_voyo_slices_t *slices);


/* The slice filter keeps a slice's ETag until the next slice's header. */
void ngx_voyo_slice_etag(ngx_http_request_t *r, ngx_voyo_slices_t *slices);


#endif /* _NGX_VOYO_SLICE_H_INCLUDED_ */
