
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_client.h"
#include "ngx_voyo_edge_ctx.h"
#include "ngx_voyo_header.h"
#include "ngx_voyo_prefetch.h"
#include "ngx_voyo_range.h"
#include "ngx_voyo_request_id.h"
#include "ngx_voyo_variable.h"
#include "ngx_voyo_variables.h"
#include "ngx_voyo_zone.h"

#include "voyo_errno.h"


/* The last three need the format. */

typedef enum {
    NGX_VOYO_RESOLVE_TIME = 0,
    NGX_VOYO_TIMING,
    NGX_VOYO_PROBLEM,
    NGX_VOYO_REPAIRS,
    NGX_VOYO_REPRESENTATION,
    NGX_VOYO_SERVED,
    NGX_VOYO_ACCESSES
} ngx_voyo_variable_e;


static ngx_int_t ngx_voyo_variable_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_voyo_variable_track(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_voyo_variable_id_track(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_voyo_variable_set_track(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, ngx_str_t *value);
static ngx_int_t ngx_voyo_variable_quality(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_voyo_variable_edge(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_voyo_variable_slice(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static void ngx_voyo_variable_followed(ngx_http_request_t *r,
    ngx_voyo_follow_t *follow);
static ngx_uint_t ngx_voyo_variable_failed(ngx_http_request_t *r,
    ngx_voyo_follow_t *follow);
static ngx_int_t ngx_voyo_variable_cold_key(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_voyo_variable_client_key(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_voyo_variable_client(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_str_t *ngx_voyo_variable_counted(ngx_http_request_t *r);


static ngx_http_variable_t  ngx_voyo_variables[] = {

    { ngx_string("voyo_id"), NULL, ngx_voyo_variable_id, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_id_track"), NULL, ngx_voyo_variable_id_track, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_slice"), NULL, ngx_voyo_variable_slice, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_cold_key"), NULL, ngx_voyo_variable_cold_key, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_client"), NULL, ngx_voyo_variable_client, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_client_key"), NULL, ngx_voyo_variable_client_key, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_problem"), NULL, ngx_voyo_variable_edge,
      NGX_VOYO_PROBLEM, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_repairs"), NULL, ngx_voyo_variable_edge,
      NGX_VOYO_REPAIRS, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_track"), NULL, ngx_voyo_variable_track, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_representation"), NULL, ngx_voyo_variable_edge,
      NGX_VOYO_REPRESENTATION, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_quality"), NULL, ngx_voyo_variable_quality, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_served"), NULL, ngx_voyo_variable_edge,
      NGX_VOYO_SERVED, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_resolve_time"), NULL, ngx_voyo_variable_edge,
      NGX_VOYO_RESOLVE_TIME, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_timing"), NULL, ngx_voyo_variable_edge,
      NGX_VOYO_TIMING, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("voyo_accesses"), NULL, ngx_voyo_variable_edge,
      NGX_VOYO_ACCESSES, NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


/* The part of the URI after the location's prefix. */

static ngx_int_t
ngx_voyo_variable_id(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    void                     **loc_conf;
    ngx_str_t                 *name, uri;
    ngx_http_core_loc_conf_t  *clcf;

    loc_conf = ngx_voyo_edge_location(r, &uri);
    clcf = loc_conf[ngx_http_core_module.ctx_index];
    name = &clcf->name;

    if (
#if (NGX_PCRE)
        clcf->regex ||
#endif
        name->len == 0 || uri.len < name->len
        || ngx_strncmp(uri.data, name->data, name->len) != 0)
    {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_voyo_variable_set(v, uri.data + name->len, uri.len - name->len);

    return NGX_OK;
}


static ngx_int_t
ngx_voyo_variable_track(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    void                 **loc_conf;
    ngx_str_t              value;
    ngx_voyo_edge_t       *edge;
    ngx_voyo_loc_conf_t   *vlcf;

    edge = ngx_voyo_ctx_get(r, NGX_VOYO_EDGE);

    if (edge && edge->track.data) {
        ngx_voyo_variable_set(v, edge->track.data, edge->track.len);
        return NGX_OK;
    }

    /* it has not been parsed yet */

    loc_conf = ngx_voyo_edge_location(r, &value);
    vlcf = loc_conf[ngx_voyo_module.ctx_index];

    if (vlcf->id == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    if (ngx_http_complex_value(r->main, vlcf->id, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_voyo_variable_set_track(r, v, &value);
}


static ngx_int_t
ngx_voyo_variable_id_track(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t  value;

    if (ngx_voyo_variable_id(r, v, 0) != NGX_OK || v->not_found) {
        return NGX_OK;
    }

    value.data = v->data;
    value.len = v->len;

    return ngx_voyo_variable_set_track(r, v, &value);
}


static ngx_int_t
ngx_voyo_variable_set_track(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, ngx_str_t *value)
{
    u_char  *track;

    track = ngx_pnalloc(r->pool, VOYO_TRACK_LEN + 1);
    if (track == NULL) {
        return NGX_ERROR;
    }

    if (voyo_track_parse((char *) track, (char *) value->data, value->len)
        != VOYO_OK)
    {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_voyo_variable_set(v, track, VOYO_TRACK_LEN);

    return NGX_OK;
}


/* Empty if it is invalid, and for voyo_track. */

static ngx_int_t
ngx_voyo_variable_quality(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    void                 **loc_conf;
    ngx_str_t              value;
    const char            *name;
    voyo_quality_t         quality;
    ngx_voyo_edge_t       *edge;
    ngx_voyo_loc_conf_t   *vlcf;

    loc_conf = ngx_voyo_edge_location(r, &value);
    vlcf = loc_conf[ngx_voyo_module.ctx_index];
    edge = ngx_voyo_ctx_get(r, NGX_VOYO_EDGE);

    quality = VOYO_QUALITY_HIGH;
    ngx_str_null(&value);

    if (edge && edge->begun) {
        quality = edge->quality;

    } else if (vlcf->quality
               && ngx_http_complex_value(r->main, vlcf->quality, &value)
                  != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (!vlcf->stream
        || (value.len && voyo_quality_parse(&quality, (char *) value.data,
                                            value.len)
                         != VOYO_OK))
    {
        v->not_found = 1;
        return NGX_OK;
    }

    name = voyo_quality_name(quality);
    ngx_voyo_variable_set(v, (u_char *) name, ngx_strlen(name));

    return NGX_OK;
}


static ngx_int_t
ngx_voyo_variable_edge(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    const char            *name;
    ngx_msec_t             waited;
    voyo_quality_t         quality;
    ngx_voyo_edge_t       *edge;
    ngx_voyo_main_conf_t  *vmcf;

    edge = ngx_voyo_ctx_get(r, NGX_VOYO_EDGE);

    if (edge == NULL
        || (data >= NGX_VOYO_REPRESENTATION && !edge->known))
    {
        v->not_found = 1;
        return NGX_OK;
    }

    waited = edge->ctx.waited;

    if (waited == 0 && data <= NGX_VOYO_TIMING) {

        if (data == NGX_VOYO_TIMING) {
            ngx_voyo_variable_set(v, (u_char *) "resolve;dur=0",
                                  sizeof("resolve;dur=0") - 1);
        } else {
            ngx_voyo_variable_set(v, (u_char *) "0.000",
                                  sizeof("0.000") - 1);
        }

        return NGX_OK;
    }

    switch (data) {

    case NGX_VOYO_PROBLEM:
        name = ngx_voyo_edge_problem(r->main, edge);
        ngx_voyo_variable_set(v, (u_char *) name,
                              *name ? ngx_strlen(name) : 0);
        return NGX_OK;

    case NGX_VOYO_REPAIRS:

        if (edge->ctx.repairs == 0) {
            ngx_voyo_variable_set(v, (u_char *) "0", 1);
            return NGX_OK;
        }

        return ngx_voyo_variable_print(r, v, NGX_INT_T_LEN, "%ui",
                                       edge->ctx.repairs);

    case NGX_VOYO_RESOLVE_TIME:
        return ngx_voyo_variable_print(r, v, NGX_TIME_T_LEN + 4, "%T.%03M",
                                       (time_t) (waited / 1000),
                                       waited % 1000);

    case NGX_VOYO_TIMING:
        return ngx_voyo_variable_print(r, v, sizeof("resolve;dur=")
                                             + NGX_TIME_T_LEN,
                                       "resolve;dur=%M", waited);

    case NGX_VOYO_REPRESENTATION:
        ngx_voyo_variable_set(v, edge->representation.data,
                              edge->representation.len);
        return NGX_OK;

    case NGX_VOYO_SERVED:
        vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);
        quality = voyo_format_quality(&edge->format, vmcf->tolerance);

        return ngx_voyo_variable_print(r, v,
                                  sizeof("medium; codec=opus; bitrate=")
                                  + NGX_INT32_LEN,
                                  "%s; codec=%s; bitrate=%uD",
                                  voyo_quality_name(quality),
                                  voyo_codec_name(edge->format.codec),
                                  edge->format.bitrate);

    default: /* NGX_VOYO_ACCESSES */
        return ngx_voyo_variable_print(r, v, NGX_INT_T_LEN, "%ui",
                                       edge->accesses);
    }
}


static ngx_int_t
ngx_voyo_variable_slice(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_voyo_edge_t            *edge;
    ngx_voyo_main_conf_t       *vmcf;
    ngx_http_variable_value_t  *vv;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);

    vv = ngx_http_get_flushed_variable(r, vmcf->slice_range);

    if (vv == NULL || vv->not_found) {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_voyo_variable_set(v, vv->data, vv->len);

    edge = ngx_voyo_ctx_get(r, NGX_VOYO_EDGE);

    if (edge && vmcf->follows) {
        edge->follow.handler = ngx_voyo_variable_followed;
        edge->follow.failed = ngx_voyo_variable_failed;

        return ngx_voyo_follow(vmcf->follows, &edge->follow, r);
    }

    return NGX_OK;
}


static void
ngx_voyo_variable_followed(ngx_http_request_t *r, ngx_voyo_follow_t *follow)
{
    ngx_voyo_edge_t          *edge;
    ngx_voyo_fill_request_t   request;

    edge = (ngx_voyo_edge_t *) ((u_char *) follow
                              - offsetof(ngx_voyo_edge_t, follow));

    request.track = edge->track.data;
    request.quality = edge->quality;
    request.codec = edge->codec;
    request.representation = &edge->representation;
    request.client = NULL;
    request.request_id = ngx_voyo_request_id(r);
    request.owner = r->connection;

    ngx_voyo_ahead(r, &edge->ahead, &request, edge->last);
}


static ngx_uint_t
ngx_voyo_variable_failed(ngx_http_request_t *r, ngx_voyo_follow_t *follow)
{
    off_t                       start, last;
    ngx_str_t                   range;
    ngx_voyo_edge_t            *edge;
    ngx_voyo_failures_t        *failures;
    ngx_voyo_main_conf_t       *vmcf;
    ngx_http_variable_value_t  *vv;

    edge = (ngx_voyo_edge_t *) ((u_char *) follow
                              - offsetof(ngx_voyo_edge_t, follow));

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);
    failures = ngx_voyo_zone_failures(vmcf->shm_zone);

    if (!ngx_voyo_failures_since(failures, follow->began)) {
        return 0;
    }

    vv = ngx_http_get_flushed_variable(r, vmcf->slice_range);

    if (vv == NULL || vv->not_found) {
        return 0;
    }

    range.data = vv->data;
    range.len = vv->len;

    if (ngx_voyo_range_parse(&range, NGX_MAX_OFF_T_VALUE, &start, &last)
        != NGX_OK
        || ngx_voyo_failures_find(failures, &edge->representation, start,
                                  follow->began, &edge->failure)
           != NGX_OK)
    {
        return 0;
    }

    return edge->failure.status;
}


static ngx_int_t
ngx_voyo_variable_cold_key(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    u_char                 track[VOYO_TRACK_LEN + 1];
    ngx_str_t              value, *client;
    ngx_voyo_loc_conf_t   *vlcf;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);
    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    ngx_voyo_variable_set(v, (u_char *) "", 0);

    client = ngx_voyo_variable_counted(r);

    if (vlcf->id == NULL || client == NULL) {
        return NGX_OK;
    }

    if (ngx_http_complex_value(r, vlcf->id, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    if (voyo_track_parse((char *) track, (char *) value.data, value.len)
        != VOYO_OK)
    {
        return NGX_OK;
    }

    value.data = track;
    value.len = VOYO_TRACK_LEN;

    if (ngx_voyo_zone_generation(vmcf->shm_zone, &value) == 0) {
        ngx_voyo_variable_set(v, client->data, client->len);
    }

    return NGX_OK;
}


/*
 * The client that a request for an unknown track is counted for; for a fill,
 * the client that caused it.  NULL: none, since its fill is counted, or no
 * memory.
 */

static ngx_str_t *
ngx_voyo_variable_counted(ngx_http_request_t *r)
{
    ngx_str_t              prefetch;
    ngx_voyo_loc_conf_t   *vlcf;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);
    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    if (vlcf->fill) {
        return ngx_voyo_header_find(&r->headers_in.headers, "X-Voyo-Client");
    }

    if (r->method == NGX_HTTP_HEAD && vlcf->prefetch && vmcf->fills
        && ngx_http_complex_value(r, vlcf->prefetch, &prefetch) == NGX_OK
        && ngx_voyo_prefetch_own(&prefetch))
    {
        /* it waits for its fill, which is counted instead */

        return NULL;
    }

    return ngx_voyo_client_address(r);
}


static ngx_int_t
ngx_voyo_variable_client_key(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    return ngx_voyo_variable_print(r, v, 2 * sizeof(uint64_t), "%016xL",
                                   ngx_voyo_client_key(r));
}


/* For a fill, the client that caused it; empty if it reads ahead. */

static ngx_int_t
ngx_voyo_variable_client(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_str_t            *client;
    ngx_voyo_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    client = vlcf->fill ? ngx_voyo_header_find(&r->headers_in.headers,
                                               "X-Voyo-Client")
                        : ngx_voyo_client_address(r);

    if (client) {
        ngx_voyo_variable_set(v, client->data, client->len);

    } else {
        ngx_voyo_variable_set(v, (u_char *) "", 0);
    }

    return NGX_OK;
}


ngx_int_t
ngx_voyo_add_variables(ngx_conf_t *cf)
{
    ngx_str_t              name = ngx_string("slice_range");
    ngx_voyo_main_conf_t  *vmcf;

    if (ngx_voyo_variable_add(cf, ngx_voyo_variables) != NGX_OK) {
        return NGX_ERROR;
    }

    vmcf = ngx_http_conf_get_module_main_conf(cf, ngx_voyo_module);

    vmcf->slice_range = ngx_http_get_variable_index(cf, &name);

    return vmcf->slice_range == NGX_ERROR ? NGX_ERROR : NGX_OK;
}
