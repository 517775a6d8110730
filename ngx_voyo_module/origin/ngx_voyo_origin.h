
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_ORIGIN_H_INCLUDED_
#define _NGX_VOYO_ORIGIN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* The handler of voyo_origin, in PRECONTENT. */
ngx_int_t ngx_voyo_origin_handler(ngx_http_request_t *r);

/*
 * Counts the responses of media hosts to all attempts of a request, or of a
 * subrequest for the rest of a slice, once it has ended.
 */
void ngx_voyo_origin_count(ngx_http_request_t *r);


#endif /* _NGX_VOYO_ORIGIN_H_INCLUDED_ */
