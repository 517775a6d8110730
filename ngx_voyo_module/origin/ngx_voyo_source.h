
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_SOURCE_H_INCLUDED_
#define _NGX_VOYO_SOURCE_H_INCLUDED_


#include "ngx_voyo_counters.h"
#include "ngx_voyo_origin_ctx.h"


/*
 * Selects the URL of a slice, and checks that it may be fetched.  NGX_OK:
 * "source", "url" and "host" are set; NGX_AGAIN: the request is parked and
 * continues by itself; NGX_DECLINED: "problem" is set; otherwise the result of
 * ngx_voyo_park().
 */
ngx_int_t ngx_voyo_source(ngx_http_request_t *r, ngx_voyo_origin_t *origin);

/*
 * Parses origin->source.url, and checks that its host is allowed.  NGX_OK, or
 * NGX_DECLINED and "problem" is set.
 */
ngx_int_t ngx_voyo_source_use(ngx_http_request_t *r,
    ngx_voyo_origin_t *origin);

/*
 * Requires a newer URL.  "cause" is counted, unless the URL had expired.
 * NGX_DECLINED: the limit of renewals is reached.
 */
ngx_int_t ngx_voyo_source_renew(ngx_http_request_t *r,
    ngx_voyo_origin_t *origin, ngx_voyo_counter_e cause);


#endif /* _NGX_VOYO_SOURCE_H_INCLUDED_ */
