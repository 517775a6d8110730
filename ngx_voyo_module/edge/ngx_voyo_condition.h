
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_CONDITION_H_INCLUDED_
#define _NGX_VOYO_CONDITION_H_INCLUDED_


#include "ngx_voyo_ctx.h"


/*
 * What a request's header says of ranges and conditions (RFC 9110, sections
 * 13 and 14), decided from the record alone, before anything is fetched.
 */

/*
 * Remembers the header as the client sent it, or puts it back so: a request
 * that begins anew with another representation is judged anew.
 */
void ngx_voyo_condition_save(ngx_http_request_t *r, ngx_voyo_ctx_t *ctx);
void ngx_voyo_condition_restore(ngx_http_request_t *r, ngx_voyo_ctx_t *ctx);

/* Whether If-None-Match names ctx->format: the answer is 304. */
ngx_uint_t ngx_voyo_condition_match(ngx_http_request_t *r,
    ngx_voyo_ctx_t *ctx);

/*
 * Whether If-Match is absent or names ctx->format, by strong comparison; if
 * not, the answer is 412.
 */
ngx_uint_t ngx_voyo_condition_if_match(ngx_http_request_t *r,
    ngx_voyo_ctx_t *ctx);

/*
 * Decides If-Range and the Range behind it: ctx->start and ctx->last are set
 * to the bytes asked for, and the header is rewritten so that nginx's slice
 * filter begins with their slice (docs/upstream.md, N27).
 *
 * NGX_OK; NGX_HTTP_RANGE_NOT_SATISFIABLE; NGX_ERROR: no memory.
 */
ngx_int_t ngx_voyo_condition_range(ngx_http_request_t *r,
    ngx_voyo_ctx_t *ctx);


#endif /* _NGX_VOYO_CONDITION_H_INCLUDED_ */
