
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_variable.h"


ngx_int_t
ngx_voyo_variable_add(ngx_conf_t *cf, ngx_http_variable_t *v)
{
    ngx_http_variable_t  *var;

    for ( /* void */ ; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


ngx_int_t
ngx_voyo_variable_print(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    size_t size, const char *format, ...)
{
    u_char   *p;
    va_list   args;

    p = ngx_pnalloc(r->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    va_start(args, format);
    ngx_voyo_variable_set(v, p, ngx_vslprintf(p, p + size, format, args) - p);
    va_end(args);

    return NGX_OK;
}


void
ngx_voyo_variable_set(ngx_http_variable_value_t *v, const u_char *data,
    size_t len)
{
    v->data = (u_char *) data;
    v->len = len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
}
