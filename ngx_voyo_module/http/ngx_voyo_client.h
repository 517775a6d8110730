
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_CLIENT_H_INCLUDED_
#define _NGX_VOYO_CLIENT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * The client's address, as text; of IPv6 the first 64 bits, since who has one
 * has them all.  NULL: no memory.
 */
ngx_str_t *ngx_voyo_client_address(ngx_http_request_t *r);


#endif /* _NGX_VOYO_CLIENT_H_INCLUDED_ */
