
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_PREFETCH_H_INCLUDED_
#define _NGX_VOYO_PREFETCH_H_INCLUDED_


#include "ngx_voyo_edge_ctx.h"


/*
 * Prefetch: a track's record and first slice are fetched before the track is
 * played, in the quality and codec of the request that names it.
 */

/*
 * Parses the parameter "prefetch".  NGX_OK; NGX_DECLINED: a HEAD has a value
 * that is neither a track nor "true" (in a GET such a value is ignored and
 * counted); NGX_ERROR: no memory.
 */
ngx_int_t ngx_voyo_prefetch_read(ngx_http_request_t *r, ngx_voyo_edge_t *edge);

/* Whether a value of "prefetch" means the request's own track: 1 or 0. */
ngx_uint_t ngx_voyo_prefetch_own(ngx_str_t *value);

/* Starts a prefetch of another track that a request names; does not wait. */
void ngx_voyo_prefetch_other(ngx_http_request_t *r, ngx_voyo_edge_t *edge);

/*
 * Waits until the request's own track is warm.  NGX_OK: it is; NGX_AGAIN: the
 * request is parked, and the phase handler will be called again; NGX_DECLINED:
 * a content handler is set that responds, and the phase handler must return it.
 */
ngx_int_t ngx_voyo_prefetch(ngx_http_request_t *r, ngx_voyo_edge_t *edge);


#endif /* _NGX_VOYO_PREFETCH_H_INCLUDED_ */
