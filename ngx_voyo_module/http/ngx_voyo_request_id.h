
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_REQUEST_ID_H_INCLUDED_
#define _NGX_VOYO_REQUEST_ID_H_INCLUDED_


#include "ngx_voyo_module.h"


#define NGX_VOYO_REQUEST_ID_MAX  64    /* characters: letters, digits, -_. */


/*
 * The id of a request, for all logs: the value of voyo_request_id or, if that
 * is not one, 32 hexadecimal digits.  Empty: no memory.
 */
ngx_str_t ngx_voyo_request_id(ngx_http_request_t *r);

/* Adds $voyo_request_id. */
ngx_int_t ngx_voyo_request_id_add_variable(ngx_conf_t *cf);


#endif /* _NGX_VOYO_REQUEST_ID_H_INCLUDED_ */
