
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_origin.h"

#include "voyo_format.h"


typedef enum {
    NGX_VOYO_MEDIA_SCHEME = 0,
    NGX_VOYO_MEDIA_HOST,
    NGX_VOYO_MEDIA_NAME,
    NGX_VOYO_MEDIA_URI,
    NGX_VOYO_MEDIA_USER_AGENT,
    NGX_VOYO_MEDIA_RANGE,
    NGX_VOYO_ETAG
} ngx_voyo_media_variable_e;


static ngx_int_t ngx_voyo_variable_track(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_voyo_variable_representation(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_voyo_variable_quality(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_voyo_variable_served(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_voyo_variable_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_voyo_variable_media(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_voyo_ctx_t *ngx_voyo_variable_ctx(ngx_http_request_t *r);
static void ngx_voyo_variable_set(ngx_http_variable_value_t *v,
    const u_char *data, size_t len);


static ngx_http_variable_t  ngx_voyo_variables[] = {

    { ngx_string("voyo_track"), NULL, ngx_voyo_variable_track, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_representation"), NULL,
      ngx_voyo_variable_representation, 0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_quality"), NULL, ngx_voyo_variable_quality, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_served"), NULL, ngx_voyo_variable_served, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_resolve_time"), NULL, ngx_voyo_variable_time, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_timing"), NULL, ngx_voyo_variable_time, 1,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_media_scheme"), NULL, ngx_voyo_variable_media,
      NGX_VOYO_MEDIA_SCHEME, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_media_host"), NULL, ngx_voyo_variable_media,
      NGX_VOYO_MEDIA_HOST, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_media_name"), NULL, ngx_voyo_variable_media,
      NGX_VOYO_MEDIA_NAME, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_media_uri"), NULL, ngx_voyo_variable_media,
      NGX_VOYO_MEDIA_URI, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_media_user_agent"), NULL, ngx_voyo_variable_media,
      NGX_VOYO_MEDIA_USER_AGENT, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_media_range"), NULL, ngx_voyo_variable_media,
      NGX_VOYO_MEDIA_RANGE, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_etag"), NULL, ngx_voyo_variable_media,
      NGX_VOYO_ETAG, NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


static ngx_int_t
ngx_voyo_variable_representation(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_voyo_ctx_t  *ctx;

    ctx = ngx_voyo_variable_ctx(r);

    if (ctx == NULL || !ctx->known) {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_voyo_variable_set(v, (u_char *) ctx->format.representation,
                          ngx_strlen(ctx->format.representation));

    return NGX_OK;
}


static ngx_int_t
ngx_voyo_variable_track(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_voyo_ctx_t  *ctx;

    ctx = ngx_voyo_variable_ctx(r);

    if (ctx == NULL || ctx->track.data == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_voyo_variable_set(v, ctx->track.data, ctx->track.len);

    return NGX_OK;
}


static ngx_int_t
ngx_voyo_variable_quality(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    const char      *name;
    ngx_voyo_ctx_t  *ctx;

    ctx = ngx_voyo_variable_ctx(r);

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    name = voyo_quality_name(ctx->quality);
    ngx_voyo_variable_set(v, (u_char *) name, ngx_strlen(name));

    return NGX_OK;
}


static ngx_int_t
ngx_voyo_variable_served(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    u_char                *p;
    ngx_uint_t             i;
    ngx_voyo_ctx_t        *ctx;
    ngx_voyo_main_conf_t  *vmcf;

    ctx = ngx_voyo_variable_ctx(r);

    if (ctx == NULL || !ctx->known) {
        v->not_found = 1;
        return NGX_OK;
    }

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);

    /* the lowest quality that this format is good enough for */

    for (i = VOYO_QUALITY_LOW; i < VOYO_QUALITY_HIGH; i++) {
        if (ctx->format.bitrate
            <= (uint64_t) (64000 << i) * (100 + vmcf->tolerance) / 100)
        {
            break;
        }
    }

    p = ngx_pnalloc(r->pool, sizeof("medium; codec=opus; bitrate=")
                             + NGX_INT32_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    v->data = p;
    v->len = ngx_sprintf(p, "%s; codec=%s; bitrate=%uD",
                         voyo_quality_name(i),
                         voyo_codec_name(ctx->format.codec),
                         ctx->format.bitrate)
             - p;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_voyo_variable_time(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    u_char          *p;
    ngx_voyo_ctx_t  *ctx;

    ctx = ngx_voyo_variable_ctx(r);

    if (ctx == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, sizeof("resolve;dur=") + NGX_TIME_T_LEN + 4);
    if (p == NULL) {
        return NGX_ERROR;
    }

    v->data = p;

    if (data) {
        v->len = ngx_sprintf(p, "resolve;dur=%M", ctx->waited) - p;

    } else {
        v->len = ngx_sprintf(p, "%T.%03M", (time_t) (ctx->waited / 1000),
                             ctx->waited % 1000)
                 - p;
    }

    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_voyo_variable_media(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    u_char             *p;
    ngx_str_t          *text;
    ngx_voyo_origin_t  *origin;

    origin = ngx_voyo_origin_get(r);

    if (origin == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

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

        p = ngx_pnalloc(r->pool, sizeof("bytes=-") + 2 * NGX_OFF_T_LEN);
        if (p == NULL) {
            return NGX_ERROR;
        }

        ngx_voyo_variable_set(v, p, ngx_sprintf(p, "bytes=%O-%O",
                                                origin->start, origin->last)
                                    - p);
        return NGX_OK;

    default: /* NGX_VOYO_ETAG */

        p = ngx_pnalloc(r->pool, origin->representation.len + 2);
        if (p == NULL) {
            return NGX_ERROR;
        }

        ngx_sprintf(p, "\"%V\"", &origin->representation);
        ngx_voyo_variable_set(v, p, origin->representation.len + 2);

        return NGX_OK;
    }

    ngx_voyo_variable_set(v, text->data, text->len);

    return NGX_OK;
}


static ngx_voyo_ctx_t *
ngx_voyo_variable_ctx(ngx_http_request_t *r)
{
    ngx_voyo_loc_conf_t  *vlcf;

    /* a slice's subrequest has no context of its own */

    vlcf = ngx_http_get_module_loc_conf(r->main, ngx_voyo_module);

    if (vlcf->stream == NULL && vlcf->track == NULL) {
        return NULL;
    }

    return ngx_http_get_module_ctx(r->main, ngx_voyo_module);
}


static void
ngx_voyo_variable_set(ngx_http_variable_value_t *v, const u_char *data,
    size_t len)
{
    v->data = (u_char *) data;
    v->len = len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
}


ngx_int_t
ngx_voyo_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_voyo_variables; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}
