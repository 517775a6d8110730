
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_origin_ctx.h"
#include "ngx_voyo_origin_variables.h"
#include "ngx_voyo_variable.h"


typedef enum {
    NGX_VOYO_MEDIA_SCHEME = 0,
    NGX_VOYO_MEDIA_HOST,
    NGX_VOYO_MEDIA_NAME,
    NGX_VOYO_MEDIA_URI,
    NGX_VOYO_MEDIA_USER_AGENT,
    NGX_VOYO_MEDIA_RANGE,
    NGX_VOYO_ETAG
} ngx_voyo_media_variable_e;


static ngx_int_t ngx_voyo_origin_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


static ngx_http_variable_t  ngx_voyo_origin_variables[] = {

    { ngx_string("voyo_media_scheme"), NULL, ngx_voyo_origin_variable,
      NGX_VOYO_MEDIA_SCHEME, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_media_host"), NULL, ngx_voyo_origin_variable,
      NGX_VOYO_MEDIA_HOST, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_media_name"), NULL, ngx_voyo_origin_variable,
      NGX_VOYO_MEDIA_NAME, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_media_uri"), NULL, ngx_voyo_origin_variable,
      NGX_VOYO_MEDIA_URI, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_media_user_agent"), NULL, ngx_voyo_origin_variable,
      NGX_VOYO_MEDIA_USER_AGENT, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_media_range"), NULL, ngx_voyo_origin_variable,
      NGX_VOYO_MEDIA_RANGE, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_etag"), NULL, ngx_voyo_origin_variable,
      NGX_VOYO_ETAG, NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


static ngx_int_t
ngx_voyo_origin_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_str_t          *text;
    ngx_voyo_origin_t  *origin;

    static ngx_str_t  none = ngx_null_string;

    origin = ngx_voyo_ctx_get(r, NGX_VOYO_ORIGIN);

    if (origin == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    text = &none;

    switch (data) {

    case NGX_VOYO_MEDIA_SCHEME:
        text = &origin->url.scheme;
        break;

    case NGX_VOYO_MEDIA_HOST:
        text = &origin->url.host;
        break;

    case NGX_VOYO_MEDIA_NAME:
        text = &origin->url.name;
        break;

    case NGX_VOYO_MEDIA_URI:
        text = &origin->url.uri;
        break;

    case NGX_VOYO_MEDIA_USER_AGENT:
        text = &origin->source.user_agent;
        break;

    case NGX_VOYO_MEDIA_RANGE:
        return ngx_voyo_variable_print(r, v, sizeof("bytes=-")
                                             + 2 * NGX_OFF_T_LEN,
                                       "bytes=%O-%O", origin->start,
                                       origin->last);

    default: /* NGX_VOYO_ETAG */
        return ngx_voyo_variable_print(r, v, origin->name.len + 2, "\"%V\"",
                                       &origin->name);
    }

    ngx_voyo_variable_set(v, text->data, text->len);

    return NGX_OK;
}


ngx_int_t
ngx_voyo_origin_add_variables(ngx_conf_t *cf)
{
    return ngx_voyo_variable_add(cf, ngx_voyo_origin_variables);
}
