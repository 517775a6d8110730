
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_MEDIA_DNS_H_INCLUDED_
#define _NGX_VOYO_MEDIA_DNS_H_INCLUDED_


#include "ngx_voyo_origin_ctx.h"


/*
 * Resolves the host of origin->url with nginx's resolver, unless it is an
 * address.  NGX_OK: "sockaddr" is set; NGX_AGAIN: the request is parked and
 * continues by itself; NGX_DECLINED: "problem" is set, and "lost" too if
 * another URL may work; NGX_ERROR: no memory.
 */
ngx_int_t ngx_voyo_media_dns(ngx_http_request_t *r,
    ngx_voyo_origin_t *origin);


#endif /* _NGX_VOYO_MEDIA_DNS_H_INCLUDED_ */
