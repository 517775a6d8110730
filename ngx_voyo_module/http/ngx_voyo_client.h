
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_CLIENT_H_INCLUDED_
#define _NGX_VOYO_CLIENT_H_INCLUDED_


#include "ngx_voyo_module.h"


/*
 * Whom a request for an unknown track is counted for: the client's address,
 * of IPv6 the first 64 bits, since who has one has them all; of a fill, the
 * one whom it is for.  NULL: nobody, since its fill is counted, or no memory.
 */
ngx_str_t *ngx_voyo_client(ngx_http_request_t *r);

/* The address alone, so; NULL: no memory. */
ngx_str_t *ngx_voyo_client_address(ngx_http_request_t *r);


#endif /* _NGX_VOYO_CLIENT_H_INCLUDED_ */
