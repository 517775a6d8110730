
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_CONDITION_H_INCLUDED_
#define _NGX_VOYO_CONDITION_H_INCLUDED_


#include "ngx_voyo_edge_ctx.h"


/*
 * Ranges and conditional requests (RFC 9110, sections 13 and 14), evaluated
 * with the record alone, before anything is fetched.
 */

/*
 * Saves the headers that the client sent, and restores them: when a request
 * starts again with another representation, they are evaluated again.
 */
void ngx_voyo_condition_save(ngx_http_request_t *r, ngx_voyo_edge_t *edge);
void ngx_voyo_condition_restore(ngx_http_request_t *r, ngx_voyo_edge_t *edge);

/* Whether If-None-Match names edge->format: the response is then 304. */
ngx_uint_t ngx_voyo_condition_match(ngx_http_request_t *r,
    ngx_voyo_edge_t *edge);

/*
 * Whether If-Match is absent or names edge->format, by strong comparison; if
 * not, the response is 412.
 */
ngx_uint_t ngx_voyo_condition_if_match(ngx_http_request_t *r,
    ngx_voyo_edge_t *edge);

/*
 * Evaluates If-Range and Range: sets edge->start and edge->last to the
 * requested bytes, and rewrites the header so that nginx's slice filter begins
 * with the slice that contains the first of them (docs/upstream.md, N27).
 *
 * NGX_OK; NGX_HTTP_RANGE_NOT_SATISFIABLE; NGX_ERROR: no memory.
 */
ngx_int_t ngx_voyo_condition_range(ngx_http_request_t *r,
    ngx_voyo_edge_t *edge);


#endif /* _NGX_VOYO_CONDITION_H_INCLUDED_ */
