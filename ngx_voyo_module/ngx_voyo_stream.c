
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_park.h"
#include "ngx_voyo_problem.h"
#include "ngx_voyo_range.h"

#include "voyo_errno.h"


static ngx_int_t ngx_voyo_stream_read(ngx_http_request_t *r,
    ngx_voyo_ctx_t *ctx, const ngx_voyo_problem_t **problem);
static ngx_int_t ngx_voyo_stream_choose(ngx_http_request_t *r,
    ngx_voyo_ctx_t *ctx, const voyo_format_t *formats, ngx_uint_t n);
static void ngx_voyo_stream_parked(ngx_http_request_t *r, void *data,
    ngx_voyo_outcome_e outcome, const voyo_record_t *record);
static ngx_int_t ngx_voyo_stream_serve(ngx_http_request_t *r,
    ngx_voyo_ctx_t *ctx);
static ngx_int_t ngx_voyo_stream_range(ngx_http_request_t *r,
    ngx_voyo_ctx_t *ctx);
static void ngx_voyo_stream_if_range(ngx_http_request_t *r,
    ngx_voyo_ctx_t *ctx);
static ngx_uint_t ngx_voyo_stream_match(ngx_http_request_t *r,
    ngx_voyo_ctx_t *ctx);
static ngx_int_t ngx_voyo_stream_header(ngx_http_request_t *r);
static ngx_int_t ngx_voyo_stream_options(ngx_http_request_t *r);
static ngx_int_t ngx_voyo_stream_set_header(ngx_http_request_t *r,
    const char *name, const char *value);


ngx_int_t
ngx_voyo_stream_handler(ngx_http_request_t *r)
{
    ngx_int_t                  rc;
    ngx_voyo_ctx_t            *ctx;
    ngx_voyo_identity_t        identity;
    ngx_voyo_loc_conf_t       *vlcf;
    ngx_voyo_main_conf_t      *vmcf;
    const ngx_voyo_problem_t  *problem;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    if (vlcf->stream == NULL || r != r->main) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_voyo_module);

    if (ctx == NULL) {
        ctx = ngx_pcalloc(r->pool, sizeof(ngx_voyo_ctx_t));
        if (ctx == NULL) {
            return ngx_voyo_problem(r, &ngx_voyo_problem_memory);
        }

        ngx_http_set_ctx(r, ctx, ngx_voyo_module);

        if (r->method == NGX_HTTP_OPTIONS) {
            r->content_handler = ngx_voyo_stream_options;
            return NGX_DECLINED;
        }

        if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
            return ngx_voyo_problem(r, &ngx_voyo_problem_method);
        }

        if (ngx_voyo_stream_read(r, ctx, &problem) != NGX_OK) {
            return ngx_voyo_problem(r, problem);
        }
    }

    if (ctx->known) {
        return ngx_voyo_stream_serve(r, ctx);
    }

    if (ctx->started) {

        /* parked, and no record came */

        return ngx_voyo_problem(r, &ctx->problem);
    }

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);

    if (ngx_voyo_zone_get(vmcf->shm_zone, &ctx->track, &identity) == NGX_OK
        && ngx_voyo_stream_choose(r, ctx, identity.formats, identity.nformats)
           == NGX_OK)
    {
        return ngx_voyo_stream_serve(r, ctx);
    }

    ctx->started = ngx_current_msec | 1;

    rc = ngx_voyo_park(r, &ctx->track, 0, ngx_voyo_stream_parked, ctx);

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    return ngx_voyo_problem_parking(r, rc);
}


static ngx_int_t
ngx_voyo_stream_read(ngx_http_request_t *r, ngx_voyo_ctx_t *ctx,
    const ngx_voyo_problem_t **problem)
{
    ngx_str_t              value;
    ngx_voyo_loc_conf_t   *vlcf;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);
    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    ctx->quality = VOYO_QUALITY_HIGH;
    ctx->codec = vmcf->codec;

    *problem = &ngx_voyo_problem_memory;

    if (ngx_http_complex_value(r, vlcf->stream, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->track.data = ngx_pnalloc(r->pool, VOYO_TRACK_LEN + 1);
    if (ctx->track.data == NULL) {
        return NGX_ERROR;
    }

    *problem = &ngx_voyo_problem_track;

    if (voyo_track_parse((char *) ctx->track.data, (char *) value.data,
                         value.len)
        != VOYO_OK)
    {
        ctx->track.data = NULL;
        return NGX_DECLINED;
    }

    ctx->track.len = VOYO_TRACK_LEN;

    if (vlcf->quality) {
        *problem = &ngx_voyo_problem_quality;

        if (ngx_http_complex_value(r, vlcf->quality, &value) != NGX_OK) {
            return NGX_ERROR;
        }

        if (value.len
            && voyo_quality_parse(&ctx->quality, (char *) value.data,
                                  value.len)
               != VOYO_OK)
        {
            return NGX_DECLINED;
        }
    }

    if (vlcf->stream_codec) {
        *problem = &ngx_voyo_problem_codec;

        if (ngx_http_complex_value(r, vlcf->stream_codec, &value) != NGX_OK) {
            return NGX_ERROR;
        }

        if (value.len
            && voyo_codec_parse(&ctx->codec, (char *) value.data, value.len)
               != VOYO_OK)
        {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_voyo_stream_choose(ngx_http_request_t *r, ngx_voyo_ctx_t *ctx,
    const voyo_format_t *formats, ngx_uint_t n)
{
    int                    i;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);

    i = voyo_format_choose(formats, n, ctx->quality, ctx->codec,
                           vmcf->tolerance);
    if (i < 0) {
        return NGX_DECLINED;
    }

    ctx->format = formats[i];
    ctx->known = 1;

    return NGX_OK;
}


static void
ngx_voyo_stream_parked(ngx_http_request_t *r, void *data,
    ngx_voyo_outcome_e outcome, const voyo_record_t *record)
{
    ngx_voyo_ctx_t  *ctx;

    ctx = data;
    ctx->waited = ngx_current_msec - ctx->started;

    if (outcome != NGX_VOYO_RECORD) {
        ngx_voyo_problem_outcome(&ctx->problem, outcome, record);
        return;
    }

    if (ngx_voyo_stream_choose(r, ctx, record->formats, record->nformats)
        != NGX_OK)
    {
        ctx->problem = ngx_voyo_problem_media;
    }
}


static ngx_int_t
ngx_voyo_stream_serve(ngx_http_request_t *r, ngx_voyo_ctx_t *ctx)
{
    ngx_voyo_problem_t  problem;

    ngx_voyo_stream_if_range(r, ctx);

    if (ngx_voyo_stream_match(r, ctx)) {
        r->content_handler = ngx_voyo_stream_header;
        return NGX_DECLINED;
    }

    if (ngx_voyo_stream_range(r, ctx) == NGX_HTTP_RANGE_NOT_SATISFIABLE) {
        problem = ngx_voyo_problem_range;
        problem.size = ctx->format.size;
        return ngx_voyo_problem(r, &problem);
    }

    if (r->method == NGX_HTTP_HEAD) {
        r->content_handler = ngx_voyo_stream_header;
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_voyo_stream_range(ngx_http_request_t *r, ngx_voyo_ctx_t *ctx)
{
    off_t       start, last;
    u_char     *p;
    ngx_int_t   rc;
    ngx_str_t  *value;

    if (r->headers_in.range == NULL) {
        return NGX_OK;
    }

    value = &r->headers_in.range->value;

    rc = ngx_voyo_range_parse(value, ctx->format.size, &start, &last);

    if (rc != NGX_OK) {
        return rc;
    }

    p = value->data + sizeof("bytes=") - 1;

    while (*p == ' ') { p++; }

    if (*p == '-') {

        /* written with its bytes, a suffix need not begin with slice 0 */

        p = ngx_pnalloc(r->pool, sizeof("bytes=-") + 2 * NGX_OFF_T_LEN);
        if (p == NULL) {
            return NGX_ERROR;
        }

        value->data = p;
        value->len = ngx_sprintf(p, "bytes=%O-%O%Z", start, last) - p - 1;
    }

    return NGX_OK;
}


static void
ngx_voyo_stream_if_range(ngx_http_request_t *r, ngx_voyo_ctx_t *ctx)
{
    size_t      len;
    ngx_str_t  *value;

    if (r->headers_in.if_range == NULL) {
        return;
    }

    /* answered now, so that slice 0 isn't fetched to find out */

    value = &r->headers_in.if_range->value;
    len = ngx_strlen(ctx->format.representation);

    if (value->len != len + 2
        || value->data[0] != '"'
        || value->data[len + 1] != '"'
        || ngx_strncmp(value->data + 1, ctx->format.representation, len) != 0)
    {
        /* a weak or another ETag, or a date: there is none to compare with */

        r->headers_in.range = NULL;
    }

    r->headers_in.if_range = NULL;
}


static ngx_uint_t
ngx_voyo_stream_match(ngx_http_request_t *r, ngx_voyo_ctx_t *ctx)
{
    size_t            len;
    u_char           *p, *last;
    ngx_str_t        *value;
    ngx_table_elt_t  *h;

    h = r->headers_in.if_none_match;

    if (h == NULL || r->headers_in.if_match) {
        return 0;
    }

    value = &h->value;

    if (value->len == 1 && value->data[0] == '*') {
        return 1;
    }

    /* the comparison is weak (RFC 9110, section 13.1.2), "W/" is passed by */

    len = ngx_strlen(ctx->format.representation);
    last = value->data + value->len;

    for (p = value->data; p + len + 2 <= last; p++) {
        if (*p == '"'
            && p[len + 1] == '"'
            && ngx_strncmp(p + 1, ctx->format.representation, len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_voyo_stream_header(ngx_http_request_t *r)
{
    size_t            len;
    ngx_int_t         rc;
    ngx_voyo_ctx_t   *ctx;
    ngx_table_elt_t  *h;

    ctx = ngx_http_get_module_ctx(r, ngx_voyo_module);

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    len = ngx_strlen(ctx->format.representation);

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    ngx_str_set(&h->key, "ETag");

    h->value.data = ngx_pnalloc(r->pool, len + 2);
    if (h->value.data == NULL) {
        h->hash = 0;
        return NGX_ERROR;
    }

    h->value.len = ngx_sprintf(h->value.data, "\"%s\"",
                               ctx->format.representation)
                   - h->value.data;

    r->headers_out.etag = h;
    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = ctx->format.size;
    r->headers_out.content_type.data =
                              (u_char *) voyo_codec_type(ctx->format.codec);
    r->headers_out.content_type.len =
                              ngx_strlen(r->headers_out.content_type.data);
    r->headers_out.content_type_len = r->headers_out.content_type.len;

    r->allow_ranges = 1;
    r->single_range = 1;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    /* a body was announced that can't be sent from here */

    return NGX_ERROR;
}


static ngx_int_t
ngx_voyo_stream_options(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_voyo_stream_set_header(r, "Allow", "GET, HEAD, OPTIONS")
        != NGX_OK
        || ngx_voyo_stream_set_header(r, "Access-Control-Allow-Methods",
                                      "GET, HEAD, OPTIONS")
           != NGX_OK
        || ngx_voyo_stream_set_header(r, "Access-Control-Allow-Headers",
                                      "Range, If-Range, If-None-Match")
           != NGX_OK
        || ngx_voyo_stream_set_header(r, "Access-Control-Max-Age", "86400")
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    r->headers_out.status = NGX_HTTP_NO_CONTENT;
    r->header_only = 1;

    return ngx_http_send_header(r);
}


static ngx_int_t
ngx_voyo_stream_set_header(ngx_http_request_t *r, const char *name,
    const char *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value.data = (u_char *) value;
    h->value.len = ngx_strlen(value);

    return NGX_OK;
}
