
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_value.h"


static ngx_uint_t ngx_voyo_value_name(ngx_str_t *text, ngx_str_t *name);


char *
ngx_voyo_value_compile(ngx_conf_t *cf, ngx_str_t *text,
    ngx_voyo_value_t **value)
{
    ngx_str_t                         name;
    ngx_http_compile_complex_value_t  ccv;

    *value = ngx_palloc(cf->pool, sizeof(ngx_voyo_value_t));
    if (*value == NULL) {
        return NGX_CONF_ERROR;
    }

    if (ngx_voyo_value_name(text, &name)) {
        (*value)->index = ngx_http_get_variable_index(cf, &name);

        return (*value)->index == NGX_ERROR ? NGX_CONF_ERROR : NGX_CONF_OK;
    }

    (*value)->index = NGX_ERROR;

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = text;
    ccv.complex_value = &(*value)->complex;

    return ngx_http_compile_complex_value(&ccv) == NGX_OK ? NGX_CONF_OK
                                                          : NGX_CONF_ERROR;
}


/* Whether a text is one variable, and its name. */

static ngx_uint_t
ngx_voyo_value_name(ngx_str_t *text, ngx_str_t *name)
{
    u_char      c;
    ngx_uint_t  i;

    /* $1 is a capture and no variable */

    if (text->len < 2 || text->data[0] != '$'
        || (text->data[1] >= '0' && text->data[1] <= '9'))
    {
        return 0;
    }

    for (i = 1; i < text->len; i++) {
        c = text->data[i];

        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
              || (c >= '0' && c <= '9') || c == '_'))
        {
            return 0;
        }
    }

    name->data = text->data + 1;
    name->len = text->len - 1;

    return 1;
}


ngx_int_t
ngx_voyo_value(ngx_http_request_t *r, ngx_voyo_value_t *value,
    ngx_str_t *text)
{
    ngx_http_variable_value_t  *vv;

    if (value->index == NGX_ERROR) {
        return ngx_http_complex_value(r, &value->complex, text);
    }

    vv = ngx_http_get_flushed_variable(r, value->index);

    if (vv == NULL) {
        return NGX_ERROR;
    }

    text->data = vv->data;
    text->len = vv->not_found ? 0 : vv->len;

    return NGX_OK;
}
