
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_counters.h"
#include "ngx_voyo_header.h"
#include "ngx_voyo_media_dns.h"
#include "ngx_voyo_origin.h"
#include "ngx_voyo_origin_ctx.h"
#include "ngx_voyo_park.h"
#include "ngx_voyo_range.h"
#include "ngx_voyo_repair.h"
#include "ngx_voyo_source.h"

#include "voyo_format.h"
#include "voyo_mp4.h"
#include "voyo_track.h"


#define NGX_VOYO_SLICE_MAX  1048576   /* bytes, docs/upstream.md, G1 */


static void ngx_voyo_origin_leave(void *data);
static ngx_voyo_counter_e ngx_voyo_origin_status(ngx_uint_t status);
static ngx_int_t ngx_voyo_origin_problem(ngx_http_request_t *r,
    ngx_voyo_origin_t *origin);
static ngx_int_t ngx_voyo_origin_read(ngx_http_request_t *r,
    ngx_voyo_origin_t *origin);
static ngx_int_t ngx_voyo_origin_headers(ngx_http_request_t *r,
    ngx_voyo_origin_t *origin, ngx_str_t *name);


static ngx_table_elt_t  ngx_voyo_origin_unsent;


ngx_int_t
ngx_voyo_origin_handler(ngx_http_request_t *r)
{
    ngx_int_t           rc;
    ngx_voyo_origin_t  *origin;

    origin = ngx_voyo_ctx_get(r, NGX_VOYO_ORIGIN);

    if (origin == NULL) {
        origin = ngx_voyo_ctx_create(r, NGX_VOYO_ORIGIN,
                                     sizeof(ngx_voyo_origin_t),
                                     ngx_voyo_origin_leave);
        if (origin == NULL) {
            return ngx_voyo_problem(r, &ngx_voyo_problem_memory);
        }

        /*
         * a body may be announced although none is sent: without
         * "proxy_set_header Content-Length" the edge passes on the client's
         * value (docs/upstream.md, N30)
         */

        if (r->headers_in.content_length_n > 0) {
            r->headers_in.content_length_n = -1;
            r->keepalive = 0;
        }

        rc = ngx_voyo_origin_read(r, origin);

        if (rc != NGX_OK) {
            return ngx_voyo_problem(r, rc == NGX_ERROR
                                       ? &ngx_voyo_problem_memory
                                       : &ngx_voyo_problem_request);
        }

    } else if (ngx_http_get_module_ctx(r, ngx_voyo_module) == NULL) {

        /* the previous attempt was redirected by error_page, or broke off */

        ngx_http_set_ctx(r, origin, ngx_voyo_module);

        origin->ctx.request = r;

        origin->attempts++;

        if (ngx_voyo_repair(r, origin) != NGX_OK) {
            return ngx_voyo_origin_problem(r, origin);
        }
    }

    do {
        if (origin->lost) {
            ngx_voyo_repair_lost(r, origin);
        }

        if (origin->ctx.problem.status) {
            return ngx_voyo_origin_problem(r, origin);
        }

        rc = NGX_OK;

        if (!origin->sourced) {
            rc = ngx_voyo_source(r, origin);
        }

        if (rc == NGX_OK && !origin->addressed) {
            rc = ngx_voyo_media_dns(r, origin);
        }

    } while (origin->lost);

    if (rc == NGX_OK) {

        /*
         * the edge parses a cached header for every hit, and passes on neither
         * line; nginx sends none that is set
         */

        r->headers_out.server = &ngx_voyo_origin_unsent;
        r->headers_out.date = &ngx_voyo_origin_unsent;

        return NGX_DECLINED;
    }

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    if (origin->ctx.problem.status == 0) {
        origin->ctx.problem = ngx_voyo_problem_memory;
    }

    return ngx_voyo_origin_problem(r, origin);
}


static ngx_int_t
ngx_voyo_origin_problem(ngx_http_request_t *r, ngx_voyo_origin_t *origin)
{
    ngx_voyo_failure_t     failure;
    ngx_voyo_problem_t    *problem;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);
    problem = &origin->ctx.problem;

    if (problem->status == NGX_HTTP_BAD_GATEWAY) {
        ngx_voyo_counters_fetched(vmcf->shm_zone, &origin->track);
    }

    /* before the response: nobody has the cache's lock after it */

    failure.start = origin->slice;
    failure.status = problem->status;
    failure.retry_after = problem->retry_after;

    ngx_cpystrn(failure.representation, origin->etag.data + 1,
                ngx_min(origin->etag.len - 1, sizeof(failure.representation)));
    ngx_cpystrn(failure.code, (u_char *) problem->code, sizeof(failure.code));

    ngx_voyo_failures_add(ngx_voyo_zone_failures(vmcf->shm_zone), &failure);

    return ngx_voyo_problem(r, problem);
}


static void
ngx_voyo_origin_leave(void *data)
{
    ngx_voyo_origin_t  *origin = data;

    if (origin->resolving) {
        ngx_resolve_name_done(origin->resolving);
    }

    ngx_voyo_origin_count(origin->ctx.request->main);

    if (origin->rest) {
        ngx_voyo_origin_count(origin->rest);
    }
}


void
ngx_voyo_origin_count(ngx_http_request_t *r)
{
    ngx_uint_t                  i;
    ngx_voyo_main_conf_t       *vmcf;
    ngx_http_upstream_state_t  *state;

    if (r->upstream_states == NULL) {
        return;
    }

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);
    state = r->upstream_states->elts;

    for (i = 0; i < r->upstream_states->nelts; i++) {

        if (state[i].peer == NULL) {

            /* only separates the attempts of two redirects */

            continue;
        }

        ngx_voyo_count(vmcf->shm_zone, ngx_voyo_origin_status(state[i].status));
        ngx_voyo_count_add(vmcf->shm_zone, NGX_VOYO_MEDIA_BYTES,
                           state[i].bytes_received);
    }
}


static ngx_voyo_counter_e
ngx_voyo_origin_status(ngx_uint_t status)
{
    switch (status) {

    case NGX_HTTP_FORBIDDEN:
        return NGX_VOYO_MEDIA_403;

    case NGX_HTTP_NOT_FOUND:
    case NGX_VOYO_GONE:
        return NGX_VOYO_MEDIA_404;

    case NGX_HTTP_TOO_MANY_REQUESTS:
        return NGX_VOYO_MEDIA_429;
    }

    switch (status / 100) {

    case 2:
        return NGX_VOYO_MEDIA_2XX;

    case 3:
        return NGX_VOYO_MEDIA_3XX;

    case 4:
        return NGX_VOYO_MEDIA_4XX;

    case 5:
        return NGX_VOYO_MEDIA_5XX;

    default:
        return NGX_VOYO_MEDIA_NONE;
    }
}


static ngx_int_t
ngx_voyo_origin_read(ngx_http_request_t *r, ngx_voyo_origin_t *origin)
{
    off_t       size;
    u_char     *p, *last;
    ngx_str_t   name, text, *field;

    /*
     * the representation, which ends with its size: in a header field or, if
     * the edge builds it for each request, as the URI
     */

    field = ngx_voyo_header_find(&r->headers_in.headers,
                                 "X-Voyo-Representation");

    if (field) {
        text = *field;

    } else {
        text.data = r->uri.data + 1;
        text.len = r->uri.len - 1;
    }

    /* error_page replaces r->uri, but not its text */

    name = text;

    if (text.len > sizeof(VOYO_MP4_MARK) - 1
        && ngx_strncmp(text.data + text.len
                       - (sizeof(VOYO_MP4_MARK) - 1),
                       VOYO_MP4_MARK, sizeof(VOYO_MP4_MARK) - 1)
           == 0)
    {
        origin->mp4_header = 1;
        text.len -= sizeof(VOYO_MP4_MARK) - 1;
    }

    if (text.len == 0
        || !voyo_representation_valid((char *) text.data, text.len, NULL)
        || r->headers_in.range == NULL)
    {
        return NGX_DECLINED;
    }

    last = text.data + text.len;

    for (p = last; p > text.data && p[-1] >= '0' && p[-1] <= '9'; p--) {
        /* void */
    }

    size = ngx_atoof(p, last - p);

    if (size <= 0) {
        return NGX_DECLINED;
    }

    origin->representation = text;
    origin->track.data = text.data;
    origin->track.len = VOYO_TRACK_LEN;
    origin->size = size;

    if (ngx_voyo_range_parse(&r->headers_in.range->value, size,
                             &origin->start, &origin->last)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    if (origin->last - origin->start >= NGX_VOYO_SLICE_MAX) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "a slice of %O bytes, at most %d are fetched",
                      origin->last - origin->start + 1, NGX_VOYO_SLICE_MAX);
        return NGX_DECLINED;
    }

    origin->slice = origin->start;
    origin->continued = origin->start;

    return ngx_voyo_origin_headers(r, origin, &name);
}


/* The values of ETag and of the media host's Range. */

static ngx_int_t
ngx_voyo_origin_headers(ngx_http_request_t *r, ngx_voyo_origin_t *origin,
    ngx_str_t *name)
{
    u_char  *p;

    p = ngx_pnalloc(r->pool, name->len + sizeof("\"\"bytes=-")
                             + 2 * NGX_OFF_T_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    origin->etag.data = p;
    p = ngx_sprintf(p, "\"%V\"", name);
    origin->etag.len = p - origin->etag.data;

    origin->range.data = p;
    p = ngx_sprintf(p, "bytes=%O-%O", origin->start, origin->last);
    origin->range.len = p - origin->range.data;

    return NGX_OK;
}
