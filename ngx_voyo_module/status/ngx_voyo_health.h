
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_HEALTH_H_INCLUDED_
#define _NGX_VOYO_HEALTH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* The content handler of voyo_health. */
ngx_int_t ngx_voyo_health_handler(ngx_http_request_t *r);


#endif /* _NGX_VOYO_HEALTH_H_INCLUDED_ */
