
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_SOURCE_H_INCLUDED_
#define _NGX_VOYO_SOURCE_H_INCLUDED_


#include "ngx_voyo_origin_ctx.h"


/*
 * Which URL a slice is fetched from, and whether it may be.  NGX_OK: "source",
 * "url" and "host" are set; NGX_AGAIN: the request is parked, and goes on by
 * itself; NGX_DECLINED: "problem" is set; else what ngx_voyo_park() returned.
 */
ngx_int_t ngx_voyo_source(ngx_http_request_t *r, ngx_voyo_origin_t *origin);

/*
 * Reads origin->source.url, and checks that its host may be asked.  NGX_OK, or
 * NGX_DECLINED and "problem" is set.
 */
ngx_int_t ngx_voyo_source_use(ngx_http_request_t *r,
    ngx_voyo_origin_t *origin);

/*
 * A newer URL is to be had.  "cause" is counted, unless the URL was past its
 * time.  NGX_DECLINED: it was had often enough.
 */
ngx_int_t ngx_voyo_source_renew(ngx_http_request_t *r,
    ngx_voyo_origin_t *origin, ngx_voyo_counter_e cause);


#endif /* _NGX_VOYO_SOURCE_H_INCLUDED_ */
