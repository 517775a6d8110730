
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_CLIENT_H_INCLUDED_
#define _NGX_VOYO_CLIENT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * The client's address as text; for IPv6 only the first 64 bits, because a
 * client usually controls a whole /64.  NULL: no memory.
 */
ngx_str_t *ngx_voyo_client_address(ngx_http_request_t *r);

/*
 * A key of the client for Redis, where its address must not be stored: a hash
 * of it.  0: it came by a unix socket, so it is none, or no memory.
 */
uint64_t ngx_voyo_client_key(ngx_http_request_t *r);


#endif /* _NGX_VOYO_CLIENT_H_INCLUDED_ */
