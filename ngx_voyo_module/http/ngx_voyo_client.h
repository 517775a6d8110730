
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


#endif /* _NGX_VOYO_CLIENT_H_INCLUDED_ */
