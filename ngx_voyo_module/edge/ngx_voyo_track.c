
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_edge_ctx.h"
#include "ngx_voyo_park.h"
#include "ngx_voyo_track.h"

#include <cjson/cJSON.h>


static void ngx_voyo_track_parked(ngx_voyo_ctx_t *ctx,
    const voyo_record_t *record);
static ngx_int_t ngx_voyo_track_write(ngx_http_request_t *r,
    ngx_voyo_edge_t *edge, const voyo_record_t *record);
static cJSON *ngx_voyo_track_json(const voyo_record_t *record,
    const char *artwork, ngx_uint_t tolerance);
static cJSON *ngx_voyo_track_text(const char *text);
static cJSON *ngx_voyo_track_number(double number, ngx_uint_t known);
static cJSON *ngx_voyo_track_codec(const voyo_record_t *record,
    voyo_codec_t codec, ngx_uint_t tolerance);
static ngx_int_t ngx_voyo_track_send(ngx_http_request_t *r);


ngx_int_t
ngx_voyo_track_handler(ngx_http_request_t *r)
{
    ngx_voyo_edge_t           *edge;
    const ngx_voyo_problem_t  *problem;

    if (r != r->main) {
        return NGX_DECLINED;
    }

    edge = ngx_voyo_ctx_get(r, NGX_VOYO_EDGE);

    if (edge == NULL) {
        return ngx_voyo_problem(r, &ngx_voyo_problem_memory);
    }

    if (edge->begun) {

        /* it was parked, and this is the result */

        if (edge->ctx.problem.status) {
            return ngx_voyo_problem(r, &edge->ctx.problem);
        }

        r->content_handler = ngx_voyo_track_send;
        return NGX_DECLINED;
    }

    edge->begun = 1;

    /* an internal redirect clears it */

    ngx_http_set_ctx(r, edge, ngx_voyo_module);

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return ngx_voyo_problem(r, &ngx_voyo_problem_method);
    }

    problem = ngx_voyo_edge_track(r, edge);

    if (problem) {
        return ngx_voyo_problem(r, problem);
    }

    /* the texts are not in the zone, so each request needs Redis */

    if (ngx_voyo_park(&edge->ctx, &edge->track, 0, ngx_voyo_track_parked)
        == NGX_AGAIN)
    {
        return NGX_AGAIN;
    }

    return ngx_voyo_problem(r, &edge->ctx.problem);
}


static void
ngx_voyo_track_parked(ngx_voyo_ctx_t *ctx, const voyo_record_t *record)
{
    if (ngx_voyo_track_write(ctx->request, (ngx_voyo_edge_t *) ctx, record)
        != NGX_OK)
    {
        ctx->problem = ngx_voyo_problem_memory;
    }
}


static ngx_int_t
ngx_voyo_track_write(ngx_http_request_t *r, ngx_voyo_edge_t *edge,
    const voyo_record_t *record)
{
    char                  *text;
    cJSON                 *json;
    u_char                *artwork;
    ngx_str_t              value;
    ngx_voyo_loc_conf_t   *vlcf;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);
    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    artwork = NULL;

    if (record->artwork && vlcf->artwork) {

        if (ngx_http_complex_value(r, vlcf->artwork, &value) != NGX_OK) {
            return NGX_ERROR;
        }

        artwork = ngx_pnalloc(r->pool, value.len + 1);
        if (artwork == NULL) {
            return NGX_ERROR;
        }

        *ngx_cpymem(artwork, value.data, value.len) = '\0';
    }

    json = ngx_voyo_track_json(record, (char *) artwork, vmcf->tolerance);
    if (json == NULL) {
        return NGX_ERROR;
    }

    text = cJSON_PrintUnformatted(json);

    cJSON_Delete(json);

    if (text == NULL) {
        return NGX_ERROR;
    }

    edge->body.len = ngx_strlen(text);
    edge->body.data = ngx_pnalloc(r->pool, edge->body.len);

    if (edge->body.data) {
        ngx_memcpy(edge->body.data, text, edge->body.len);
    }

    cJSON_free(text);

    return edge->body.data ? NGX_OK : NGX_ERROR;
}


static cJSON *
ngx_voyo_track_json(const voyo_record_t *record, const char *artwork,
    ngx_uint_t tolerance)
{
    cJSON  *json, *codecs;

    json = cJSON_CreateObject();
    codecs = cJSON_CreateObject();

    if (json == NULL || codecs == NULL) {
        cJSON_Delete(json);
        cJSON_Delete(codecs);
        return NULL;
    }

    cJSON_AddItemToObject(json, "id", ngx_voyo_track_text(record->id));
    cJSON_AddItemToObject(json, "title", ngx_voyo_track_text(record->title));
    cJSON_AddItemToObject(json, "artist", ngx_voyo_track_text(record->artist));
    cJSON_AddItemToObject(json, "album", ngx_voyo_track_text(record->album));
    cJSON_AddItemToObject(json, "duration",
                          ngx_voyo_track_number(record->duration / 1000.0,
                                                record->duration != 0));
    cJSON_AddItemToObject(json, "loudness",
                          ngx_voyo_track_number(record->loudness,
                                                record->has_loudness));
    cJSON_AddItemToObject(json, "artwork", ngx_voyo_track_text(artwork));

    cJSON_AddItemToObject(codecs, voyo_codec_name(VOYO_CODEC_AAC),
                          ngx_voyo_track_codec(record, VOYO_CODEC_AAC,
                                               tolerance));
    cJSON_AddItemToObject(codecs, voyo_codec_name(VOYO_CODEC_OPUS),
                          ngx_voyo_track_codec(record, VOYO_CODEC_OPUS,
                                               tolerance));
    cJSON_AddItemToObject(json, "codecs", codecs);

    return json;
}


static cJSON *
ngx_voyo_track_text(const char *text)
{
    return text ? cJSON_CreateString(text) : cJSON_CreateNull();
}


static cJSON *
ngx_voyo_track_number(double number, ngx_uint_t known)
{
    return known ? cJSON_CreateNumber(number) : cJSON_CreateNull();
}


static cJSON *
ngx_voyo_track_codec(const voyo_record_t *record, voyo_codec_t codec,
    ngx_uint_t tolerance)
{
    int                   i;
    cJSON                *qualities, *json;
    ngx_uint_t            quality;
    const voyo_format_t  *format;

    qualities = cJSON_CreateObject();

    for (quality = VOYO_QUALITY_LOW;
         quality <= VOYO_QUALITY_HIGH;
         quality++)
    {
        i = voyo_format_choose(record->formats, record->nformats, quality,
                               codec, tolerance);
        if (i < 0 || record->formats[i].codec != codec) {
            continue;
        }

        format = &record->formats[i];
        json = cJSON_CreateObject();

        cJSON_AddNumberToObject(json, "bitrate", format->bitrate);
        cJSON_AddNumberToObject(json, "size", (double) format->size);
        cJSON_AddStringToObject(json, "type", voyo_codec_type(codec));
        cJSON_AddItemToObject(qualities, voyo_quality_name(quality), json);
    }

    return qualities;
}


static ngx_int_t
ngx_voyo_track_send(ngx_http_request_t *r)
{
    ngx_int_t                  rc;
    ngx_voyo_edge_t           *edge;
    ngx_http_complex_value_t   cv;

    static ngx_str_t  type = ngx_string("application/json");

    edge = ngx_http_get_module_ctx(r, ngx_voyo_module);

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_memzero(&cv, sizeof(ngx_http_complex_value_t));
    cv.value = edge->body;

    return ngx_http_send_response(r, NGX_HTTP_OK, &type, &cv);
}
