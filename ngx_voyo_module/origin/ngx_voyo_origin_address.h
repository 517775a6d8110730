
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_ORIGIN_ADDRESS_H_INCLUDED_
#define _NGX_VOYO_ORIGIN_ADDRESS_H_INCLUDED_


#include "ngx_voyo_origin_ctx.h"


/*
 * Finds the address of origin->url's host, by nginx's resolver unless it is
 * one.  NGX_OK: "sockaddr" is set; NGX_AGAIN: the request is parked and goes
 * on by itself; NGX_DECLINED: "problem" is set, and "lost" where another URL
 * may be better; NGX_ERROR: no memory.
 */
ngx_int_t ngx_voyo_origin_address(ngx_http_request_t *r,
    ngx_voyo_origin_t *origin);


#endif /* _NGX_VOYO_ORIGIN_ADDRESS_H_INCLUDED_ */
