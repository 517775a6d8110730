
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_VARIABLE_H_INCLUDED_
#define _NGX_VOYO_VARIABLE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* Adds the variables of a table that ends with ngx_http_null_variable. */
ngx_int_t ngx_voyo_variable_add(ngx_conf_t *cf, ngx_http_variable_t *v);

/*
 * Sets a variable's value as ngx_sprintf() prints it, in at most "size" bytes.
 * NGX_ERROR: no memory.
 */
ngx_int_t ngx_voyo_variable_print(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, size_t size, const char *format, ...);

/* Sets a variable's value, which is not copied. */
void ngx_voyo_variable_set(ngx_http_variable_value_t *v, const u_char *data,
    size_t len);


#endif /* _NGX_VOYO_VARIABLE_H_INCLUDED_ */
