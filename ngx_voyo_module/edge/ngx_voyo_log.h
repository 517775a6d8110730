
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_LOG_H_INCLUDED_
#define _NGX_VOYO_LOG_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* The log phase: counts the responses to clients, but not fills. */
ngx_int_t ngx_voyo_log_handler(ngx_http_request_t *r);


#endif /* _NGX_VOYO_LOG_H_INCLUDED_ */
