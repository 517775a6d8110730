
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_PREFETCH_H_INCLUDED_
#define _NGX_VOYO_PREFETCH_H_INCLUDED_


#include "ngx_voyo_ctx.h"


/*
 * Prefetch: a track's record and first slice are got before somebody plays
 * it, in the quality and codec of the request that asks for it.
 */

/*
 * Reads the parameter "prefetch".  NGX_OK; NGX_DECLINED: a HEAD has a value
 * that is neither a track nor "true" (a GET's is ignored and counted);
 * NGX_ERROR: no memory.
 */
ngx_int_t ngx_voyo_prefetch_read(ngx_http_request_t *r, ngx_voyo_ctx_t *ctx);

/* Whether a value of "prefetch" means the request's own track: 1 or 0. */
ngx_uint_t ngx_voyo_prefetch_own(ngx_str_t *value);

/* Begins to warm the other track that a request names, and doesn't wait. */
void ngx_voyo_prefetch_other(ngx_http_request_t *r, ngx_voyo_ctx_t *ctx);

/*
 * Waits until the request's own track is warm.  NGX_OK: it is; NGX_AGAIN: the
 * request is parked, and the phase handler called again; NGX_DECLINED: an
 * answer is set, and to be returned.
 */
ngx_int_t ngx_voyo_prefetch(ngx_http_request_t *r, ngx_voyo_ctx_t *ctx);


#endif /* _NGX_VOYO_PREFETCH_H_INCLUDED_ */
