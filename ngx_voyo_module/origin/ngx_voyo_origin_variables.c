
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_origin_ctx.h"
#include "ngx_voyo_origin_variables.h"
#include "ngx_voyo_variable.h"


static ngx_int_t ngx_voyo_origin_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_voyo_origin_variable_repairs(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


static ngx_http_variable_t  ngx_voyo_origin_variables[] = {

    { ngx_string("voyo_media_scheme"), NULL, ngx_voyo_origin_variable,
      offsetof(ngx_voyo_origin_t, url.scheme), NGX_HTTP_VAR_NOCACHEABLE,
      0 },

    { ngx_string("voyo_media_host"), NULL, ngx_voyo_origin_variable,
      offsetof(ngx_voyo_origin_t, url.host), NGX_HTTP_VAR_NOCACHEABLE,
      0 },

    { ngx_string("voyo_media_name"), NULL, ngx_voyo_origin_variable,
      offsetof(ngx_voyo_origin_t, url.name), NGX_HTTP_VAR_NOCACHEABLE,
      0 },

    { ngx_string("voyo_media_uri"), NULL, ngx_voyo_origin_variable,
      offsetof(ngx_voyo_origin_t, url.uri), NGX_HTTP_VAR_NOCACHEABLE,
      0 },

    { ngx_string("voyo_media_user_agent"), NULL, ngx_voyo_origin_variable,
      offsetof(ngx_voyo_origin_t, source.user_agent), NGX_HTTP_VAR_NOCACHEABLE,
      0 },

    { ngx_string("voyo_media_range"), NULL, ngx_voyo_origin_variable,
      offsetof(ngx_voyo_origin_t, range), NGX_HTTP_VAR_NOCACHEABLE,
      0 },

    { ngx_string("voyo_etag"), NULL, ngx_voyo_origin_variable,
      offsetof(ngx_voyo_origin_t, etag), NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_media_repairs"), NULL,
      ngx_voyo_origin_variable_repairs, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


static ngx_int_t
ngx_voyo_origin_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    u_char     *origin;
    ngx_str_t  *text;

    origin = ngx_voyo_ctx_get(r, NGX_VOYO_ORIGIN);

    if (origin == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    text = (ngx_str_t *) (origin + data);

    ngx_voyo_variable_set(v, text->data, text->len);

    return NGX_OK;
}


/* Empty if there were none, so that no header field is added. */

static ngx_int_t
ngx_voyo_origin_variable_repairs(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_voyo_origin_t  *origin;

    origin = ngx_voyo_ctx_get(r, NGX_VOYO_ORIGIN);

    if (origin == NULL || origin->attempts == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    return ngx_voyo_variable_print(r, v, NGX_INT_T_LEN, "%ui",
                                   origin->attempts);
}


ngx_int_t
ngx_voyo_origin_add_variables(ngx_conf_t *cf)
{
    return ngx_voyo_variable_add(cf, ngx_voyo_origin_variables);
}
