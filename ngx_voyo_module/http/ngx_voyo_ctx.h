
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_CTX_H_INCLUDED_
#define _NGX_VOYO_CTX_H_INCLUDED_


#include "ngx_voyo_module.h"
#include "ngx_voyo_problems.h"


/*
 * The context of a request.  The edge and the origin each have their own type,
 * which begins with this one.  It is kept in a pool cleanup, to survive
 * internal redirects, which clear r->ctx: a phase handler that finds none there
 * was entered by a redirect, and sets it again.
 */

typedef enum {
    NGX_VOYO_EDGE = 0,
    NGX_VOYO_ORIGIN
} ngx_voyo_part_e;


typedef struct {
    ngx_voyo_part_e      part;
    ngx_http_request_t  *request;
    ngx_voyo_problem_t   problem;     /* of the request; status 0: none */
    ngx_event_t          timer;       /* deleted with the request */
    ngx_msec_t           started;     /* of waiting */
    ngx_msec_t           waited;      /* milliseconds */
    u_char              *track;       /* that is served, or NULL */
    uint64_t             generation;  /* of its record */
    ngx_uint_t           takedowns;   /* of the zone, that it has looked at */
    ngx_uint_t           repairs;     /* of its slices at the origin */
    ngx_msec_t           first_byte;  /* ms from the start to the header */
    ngx_pool_cleanup_pt  leave;       /* called when the request ends */
    unsigned             sent:1;      /* the header, whatever r->header_sent */
} ngx_voyo_ctx_t;


/*
 * The context of a request, or of the main request of a subrequest.  NULL: it
 * is not a request of this part.
 */
void *ngx_voyo_ctx_get(ngx_http_request_t *r, ngx_voyo_part_e part);

/* Creates and sets a context of "size" bytes, zeroed.  NULL: no memory. */
void *ngx_voyo_ctx_create(ngx_http_request_t *r, ngx_voyo_part_e part,
    size_t size, ngx_pool_cleanup_pt leave);


#endif /* _NGX_VOYO_CTX_H_INCLUDED_ */
