
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_answer.h"
#include "ngx_voyo_cached.h"
#include "ngx_voyo_condition.h"
#include "ngx_voyo_front.h"
#include "ngx_voyo_header.h"
#include "ngx_voyo_park.h"
#include "ngx_voyo_prefetch.h"
#include "ngx_voyo_retry.h"
#include "ngx_voyo_stream.h"
#include "ngx_voyo_zone.h"

#include "voyo_errno.h"


#define NGX_VOYO_RENEWALS  2             /* representations, per request */


static ngx_int_t ngx_voyo_stream_begin(ngx_http_request_t *r,
    ngx_voyo_edge_t *edge);
static ngx_int_t ngx_voyo_stream_read(ngx_http_request_t *r,
    ngx_voyo_edge_t *edge, const ngx_voyo_problem_t **problem);
static ngx_int_t ngx_voyo_stream_failed(ngx_http_request_t *r,
    ngx_voyo_edge_t *edge);
static ngx_int_t ngx_voyo_stream_choose(ngx_http_request_t *r,
    ngx_voyo_edge_t *edge, const voyo_format_t *formats, ngx_uint_t n);
static void ngx_voyo_stream_parked(ngx_voyo_ctx_t *ctx,
    const voyo_record_t *record);
static ngx_int_t ngx_voyo_stream_serve(ngx_http_request_t *r,
    ngx_voyo_edge_t *edge);


ngx_int_t
ngx_voyo_stream_handler(ngx_http_request_t *r)
{
    ngx_int_t              rc;
    ngx_uint_t             redirected;
    ngx_voyo_edge_t       *edge;
    ngx_voyo_identity_t    identity;
    ngx_voyo_main_conf_t  *vmcf;

    edge = ngx_voyo_ctx_get(r, NGX_VOYO_EDGE);

    if (edge == NULL) {
        return r == r->main ? ngx_voyo_problem(r, &ngx_voyo_problem_memory)
                            : NGX_ERROR;
    }

    if (edge->retry.due) {
        edge->retry.due = 0;

        return NGX_DECLINED;
    }

    if (r != r->main) {

        /* a later slice failed and was redirected by error_page: N17 */

        return ngx_voyo_stream_failed(r, edge);
    }

    /* an internal redirect clears it */

    redirected = (ngx_http_get_module_ctx(r, ngx_voyo_module) == NULL);
    ngx_http_set_ctx(r, edge, ngx_voyo_module);

    rc = NGX_OK;

    if (!edge->begun) {
        edge->begun = 1;
        rc = ngx_voyo_stream_begin(r, edge);

    } else if (redirected) {
        rc = ngx_voyo_stream_failed(r, edge);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (edge->known) {
        return ngx_voyo_stream_serve(r, edge);
    }

    if (edge->ctx.problem.status) {
        return ngx_voyo_problem(r, &edge->ctx.problem);
    }

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);

    if (ngx_voyo_zone_get(vmcf->shm_zone, &edge->track, &identity) == NGX_OK) {
        edge->accesses = identity.accesses;
        edge->ctx.generation = identity.generation;
        edge->ctx.takedowns = identity.takedowns;

        (void) ngx_voyo_stream_choose(r, edge, identity.formats,
                                      identity.nformats);
    }

    if (edge->warm
        && !(edge->known && ngx_voyo_cached_first(r, &edge->representation)))
    {
        rc = ngx_voyo_prefetch(r, edge);

        if (rc != NGX_OK) {

            /* the fill may find another representation */

            edge->known = 0;

            return rc;
        }
    }

    if (edge->known) {
        return ngx_voyo_stream_serve(r, edge);
    }

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "voyo track \"%V\" is not in the zone", &edge->track);

    /* an unknown track is counted for its client */

    ngx_voyo_front(r);

    if (ngx_voyo_park(&edge->ctx, &edge->track, 0, ngx_voyo_stream_parked)
        == NGX_AGAIN)
    {
        return NGX_AGAIN;
    }

    return ngx_voyo_problem(r, &edge->ctx.problem);
}


/* NGX_OK: continue; otherwise the phase handler must return the result. */

static ngx_int_t
ngx_voyo_stream_begin(ngx_http_request_t *r, ngx_voyo_edge_t *edge)
{
    ngx_int_t                  rc;
    ngx_voyo_main_conf_t      *vmcf;
    const ngx_voyo_problem_t  *problem;

    if (!edge->fill) {
        vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);

        edge->listeners = &ngx_voyo_gauges(vmcf->shm_zone)->listeners;
        (*edge->listeners)++;
    }

    /* from another location, if error_page redirected to this one */

    r->err_status = 0;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return ngx_voyo_problem(r, &ngx_voyo_problem_method);
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

#if (NGX_HTTP_GZIP)

    /* never compress, whatever "gzip_types" contains */

    r->gzip_tested = 1;
#endif

    if (ngx_voyo_stream_read(r, edge, &problem) != NGX_OK) {
        return ngx_voyo_problem(r, problem);
    }

    ngx_voyo_condition_save(r, edge);

    rc = ngx_voyo_prefetch_read(r, edge);

    if (rc != NGX_OK) {
        return ngx_voyo_problem(r, rc == NGX_DECLINED
                                   ? &ngx_voyo_problem_prefetch
                                   : &ngx_voyo_problem_memory);
    }

    return NGX_OK;
}


/*
 * The origin, or nginx itself, responded with an error before the first byte.
 * If the representation is gone, another one is selected.  A range above 0 is a
 * browser's silent resume: an error would end playback, an early close after
 * the header does not (docs/upstream.md, B1, B2, N12).
 */

static ngx_int_t
ngx_voyo_stream_failed(ngx_http_request_t *r, ngx_voyo_edge_t *edge)
{
    ngx_str_t            *code, text;
    ngx_uint_t            status, retry_after;
    ngx_http_upstream_t  *u;
    ngx_voyo_problem_t    problem;

    u = r->upstream;

    /* error_page keeps the status of the origin's or nginx's error here */

    status = r->err_status;
    r->err_status = 0;

    if (status == 0 && u) {
        status = u->headers_in.status_n;
    }

    code = NULL;
    retry_after = 0;

    if (edge->failure.status) {

        /* of the attempt that it waited for */

        text.data = edge->failure.code;
        text.len = ngx_strlen(text.data);

        code = &text;
        retry_after = edge->failure.retry_after;
        edge->failure.status = 0;

    } else if (u) {
        code = ngx_voyo_header_find(&u->headers_in.headers, "X-Voyo-Problem");
        retry_after = ngx_voyo_header_seconds(&u->headers_in.headers,
                                              "Retry-After");
        edge->ctx.repairs += ngx_voyo_header_seconds(&u->headers_in.headers,
                                                     "X-Voyo-Repairs");
    }

    ngx_voyo_problem_named(&problem, status, code);

    if (code) {
        problem.retry_after = retry_after;
    }

    if (edge->known && ngx_voyo_edge_taken(edge)) {
        status = NGX_VOYO_GONE;
        problem = ngx_voyo_problem_taken;
    }

    if (r != r->main || edge->ctx.sent) {

        /* the bytes of another representation must not follow */

        if (status == NGX_VOYO_GONE) {
            problem.retry_after = 0;
        }

        return ngx_voyo_retry(r, edge, &problem);
    }

    if (status == NGX_HTTP_BAD_REQUEST && code == NULL) {
        return ngx_voyo_problem(r, &ngx_voyo_problem_client);
    }

    if (!edge->known) {
        return ngx_voyo_problem(r, edge->ctx.problem.status ? &edge->ctx.problem
                                   : &ngx_voyo_problem_broken);
    }

    if (status == NGX_VOYO_GONE && edge->renewals++ < NGX_VOYO_RENEWALS) {
        edge->known = 0;
        edge->ahead.looked = 0;
        edge->ahead.hash = 0;
        ngx_voyo_condition_restore(r, edge);

        return NGX_OK;
    }

    if (problem.retry_after && edge->start > 0 && r->method == NGX_HTTP_GET) {
        return ngx_voyo_retry(r, edge, &problem);
    }

    return ngx_voyo_problem(r, &problem);
}


static ngx_int_t
ngx_voyo_stream_read(ngx_http_request_t *r, ngx_voyo_edge_t *edge,
    const ngx_voyo_problem_t **problem)
{
    ngx_str_t              value;
    ngx_voyo_loc_conf_t   *vlcf;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);
    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    edge->quality = VOYO_QUALITY_HIGH;
    edge->codec = vmcf->codec;

    *problem = ngx_voyo_edge_track(r, edge);

    if (*problem) {
        return NGX_DECLINED;
    }

    if (vlcf->quality) {
        *problem = &ngx_voyo_problem_quality;

        if (ngx_http_complex_value(r, vlcf->quality, &value) != NGX_OK) {
            return NGX_ERROR;
        }

        if (value.len
            && voyo_quality_parse(&edge->quality, (char *) value.data,
                                  value.len)
               != VOYO_OK)
        {
            return NGX_DECLINED;
        }
    }

    if (vlcf->codec) {
        *problem = &ngx_voyo_problem_codec;

        if (ngx_http_complex_value(r, vlcf->codec, &value) != NGX_OK) {
            return NGX_ERROR;
        }

        if (value.len
            && voyo_codec_parse(&edge->codec, (char *) value.data, value.len)
               != VOYO_OK)
        {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_voyo_stream_choose(ngx_http_request_t *r, ngx_voyo_edge_t *edge,
    const voyo_format_t *formats, ngx_uint_t n)
{
    int                    i;
    u_char                *p;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);

    i = voyo_format_choose(formats, n, edge->quality, edge->codec,
                           vmcf->tolerance);
    if (i < 0) {
        return NGX_DECLINED;
    }

    edge->format = formats[i];
    edge->known = 1;
    edge->ctx.track = edge->track.data;

    p = ngx_cpymem(edge->name, edge->format.representation,
                   ngx_strlen(edge->format.representation));

    if (vmcf->mp4_header && edge->format.codec == VOYO_CODEC_AAC) {
        p = ngx_cpymem(p, VOYO_MP4_MARK, sizeof(VOYO_MP4_MARK) - 1);
    }

    edge->representation.data = edge->name;
    edge->representation.len = p - edge->name;

    ngx_log_debug3(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "voyo representation \"%V\" for %s, %s",
                   &edge->representation, voyo_quality_name(edge->quality),
                   voyo_codec_name(edge->codec));

    return NGX_OK;
}


static void
ngx_voyo_stream_parked(ngx_voyo_ctx_t *ctx, const voyo_record_t *record)
{
    ctx->generation = record->generation;

    if (ngx_voyo_stream_choose(ctx->request, (ngx_voyo_edge_t *) ctx,
                               record->formats, record->nformats)
        != NGX_OK)
    {
        ctx->problem = ngx_voyo_problem_media;
    }
}


static ngx_int_t
ngx_voyo_stream_serve(ngx_http_request_t *r, ngx_voyo_edge_t *edge)
{
    ngx_int_t             rc;
    ngx_voyo_problem_t    problem;
    ngx_voyo_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    /* responses have no Last-Modified (RFC 9110, section 13.1) */

    r->headers_in.if_modified_since = NULL;
    r->headers_in.if_unmodified_since = NULL;

    if (!ngx_voyo_condition_if_match(r, edge)) {
        return ngx_voyo_problem(r, &ngx_voyo_problem_changed);
    }

    if (vlcf->fill) {

        /* a HEAD that fetches its slice */

        edge->last = edge->format.size - 1;

        return NGX_DECLINED;
    }

    if (ngx_voyo_condition_match(r, edge)) {
        r->content_handler = ngx_voyo_answer;
        return NGX_DECLINED;
    }

    rc = ngx_voyo_condition_range(r, edge);

    if (rc == NGX_HTTP_RANGE_NOT_SATISFIABLE) {
        problem = ngx_voyo_problem_range;
        problem.size = edge->format.size;
        return ngx_voyo_problem(r, &problem);
    }

    if (rc != NGX_OK) {
        return ngx_voyo_problem(r, &ngx_voyo_problem_memory);
    }

    ngx_voyo_prefetch_other(r, edge);

    if (r->method == NGX_HTTP_HEAD) {
        r->content_handler = ngx_voyo_answer;
    }

    return NGX_DECLINED;
}
