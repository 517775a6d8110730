
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_VALUE_H_INCLUDED_
#define _NGX_VOYO_VALUE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * A parameter that may contain variables.  Most are one variable and nothing
 * else: such a one is read where it is, every request would else copy it.
 */

typedef struct {
    ngx_http_complex_value_t  complex;
    ngx_int_t                 index;       /* of the one, or NGX_ERROR */
} ngx_voyo_value_t;


/* Reads "text" of a directive; NGX_CONF_OK or NGX_CONF_ERROR, logged. */
char *ngx_voyo_value_compile(ngx_conf_t *cf, ngx_str_t *text,
    ngx_voyo_value_t **value);

/*
 * What it is for a request, empty where its variable is not found; to be read
 * at once, the variable's value may change.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_voyo_value(ngx_http_request_t *r, ngx_voyo_value_t *value,
    ngx_str_t *text);


#endif /* _NGX_VOYO_VALUE_H_INCLUDED_ */
