
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_header.h"
#include "ngx_voyo_origin.h"
#include "ngx_voyo_park.h"
#include "ngx_voyo_range.h"
#include "ngx_voyo_repair.h"
#include "ngx_voyo_lookup.h"


#define NGX_VOYO_SLICE_MAX   1048576   /* bytes, docs/upstream.md, G1 */
#define NGX_VOYO_STALE       1800      /* seconds, a refresh is asked for */
#define NGX_VOYO_EARLY_MAX   30        /* seconds a source may be ahead */


static ngx_voyo_origin_t *ngx_voyo_origin_create(ngx_http_request_t *r);
static ngx_int_t ngx_voyo_origin_read(ngx_http_request_t *r,
    ngx_voyo_origin_t *origin);
static ngx_int_t ngx_voyo_origin_source(ngx_http_request_t *r,
    ngx_voyo_origin_t *origin);
static void ngx_voyo_origin_parked(ngx_http_request_t *r, void *data,
    ngx_voyo_outcome_e outcome, const voyo_record_t *record);
static void ngx_voyo_origin_art(ngx_http_request_t *r, void *data,
    ngx_voyo_outcome_e outcome, const voyo_record_t *record);
static ngx_int_t ngx_voyo_origin_early(ngx_http_request_t *r,
    ngx_voyo_origin_t *origin);
static void ngx_voyo_origin_timer(ngx_event_t *ev);
static void ngx_voyo_origin_cleanup(void *data);


ngx_int_t
ngx_voyo_origin_handler(ngx_http_request_t *r)
{
    ngx_int_t           rc;
    ngx_voyo_origin_t  *origin;

    origin = ngx_voyo_origin_get(r);

    if (origin == NULL) {
        origin = ngx_voyo_origin_create(r);
        if (origin == NULL) {
            return ngx_voyo_problem(r, &ngx_voyo_problem_memory);
        }

        if (ngx_voyo_origin_read(r, origin) != NGX_OK) {
            return ngx_voyo_problem(r, &ngx_voyo_problem_request);
        }
    }

    if (ngx_http_get_module_ctx(r, ngx_voyo_module) == NULL) {

        /* the first attempt, or the one before came back by error_page */

        ngx_http_set_ctx(r, origin, ngx_voyo_module);

        if (origin->attempts++
            && ngx_voyo_repair(r, origin) != NGX_OK)
        {
            return ngx_voyo_problem(r, &origin->problem);
        }
    }

    do {
        if (origin->lost) {
            ngx_voyo_repair_lost(r, origin);
        }

        if (origin->problem.status) {
            return ngx_voyo_problem(r, &origin->problem);
        }

        rc = NGX_OK;

        if (!origin->sourced) {
            rc = ngx_voyo_origin_source(r, origin);
        }

        if (rc == NGX_OK && !origin->addressed) {
            rc = ngx_voyo_origin_address(r, origin);
        }

    } while (origin->lost);

    if (rc == NGX_OK) {
        return NGX_DECLINED;
    }

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    if (origin->problem.status) {
        return ngx_voyo_problem(r, &origin->problem);
    }

    return ngx_voyo_problem_parking(r, rc);
}


static ngx_int_t
ngx_voyo_origin_source(ngx_http_request_t *r, ngx_voyo_origin_t *origin)
{
    ngx_int_t              rc;
    ngx_voyo_source_t      source;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);

    if (origin->art) {

        if (origin->source.url.len == 0) {
            return ngx_voyo_park(r, &origin->track, 0, ngx_voyo_origin_art,
                                 origin);
        }

        if (ngx_voyo_origin_use(r, origin) != NGX_OK) {
            return NGX_DECLINED;
        }

        origin->sourced = 1;

        return NGX_OK;
    }

    if (origin->source.url.len == 0) {

        rc = ngx_voyo_zone_source(vmcf->shm_zone, &origin->track,
                                  &origin->representation, r->pool, &source);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_ABORT && source.generation > origin->newer_than) {
            origin->problem = ngx_voyo_problem_gone;
            return NGX_DECLINED;
        }

        if (rc != NGX_OK || source.generation <= origin->newer_than) {
            return ngx_voyo_park(r, &origin->track, origin->newer_than,
                                 ngx_voyo_origin_parked, origin);
        }

        origin->source = source;
    }

    if (origin->source.expires - ngx_time() < NGX_VOYO_DEAD) {

        /* nothing to be gained from asking the host */

        if (ngx_voyo_repair_refresh(r, origin, NGX_VOYO_REFRESH_EXPIRED)
            != NGX_OK)
        {
            origin->problem = ngx_voyo_problem_media;
            return NGX_DECLINED;
        }

        return ngx_voyo_origin_source(r, origin);
    }

    if (origin->source.not_before > ngx_time()) {
        return ngx_voyo_origin_early(r, origin);
    }

    if (origin->source.expires - ngx_time() < NGX_VOYO_STALE) {
        ngx_voyo_lookup_refresh(vmcf, &origin->track,
                                origin->source.generation);
    }

    if (ngx_voyo_origin_use(r, origin) != NGX_OK) {
        return NGX_DECLINED;
    }

    origin->sourced = 1;

    return NGX_OK;
}


ngx_int_t
ngx_voyo_origin_use(ngx_http_request_t *r, ngx_voyo_origin_t *origin)
{
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);

    origin->addressed = 0;

    if (ngx_voyo_media_url_parse(&origin->url, &origin->source.url)
        != NGX_OK)
    {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "unusable URL of \"%V\"", &origin->representation);
        origin->problem = ngx_voyo_problem_host;
        return NGX_DECLINED;
    }

    origin->host = ngx_voyo_media_url_host(vmcf->hosts, &origin->url);

    if (origin->host == NULL && origin->art) {
        origin->host = ngx_voyo_media_url_host(vmcf->art_hosts, &origin->url);
    }

    if (origin->host == NULL) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "\"%V://%V\" is not allowed by \"%s\", "
                      "\"%V\" is answered with 502", &origin->url.scheme,
                      &origin->url.host,
                      origin->art ? "voyo_art_hosts" : "voyo_media_hosts",
                      &origin->representation);
        origin->problem = ngx_voyo_problem_host;
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static void
ngx_voyo_origin_parked(ngx_http_request_t *r, void *data,
    ngx_voyo_outcome_e outcome, const voyo_record_t *record)
{
    size_t              len;
    unsigned            i;
    const char         *url, *user_agent;
    ngx_str_t          *representation;
    ngx_voyo_origin_t  *origin;

    origin = data;
    representation = &origin->representation;

    if (outcome != NGX_VOYO_RECORD) {
        ngx_voyo_problem_outcome(&origin->problem, outcome, record);
        return;
    }

    for (i = 0; i < record->nformats; i++) {
        if (ngx_strlen(record->formats[i].representation)
            == representation->len
            && ngx_strncmp(record->formats[i].representation,
                           representation->data, representation->len) == 0)
        {
            break;
        }
    }

    if (i == record->nformats) {
        origin->problem = ngx_voyo_problem_gone;
        return;
    }

    /* the zone may have been too small to take it: use it from here */

    url = record->sources[i].url;
    user_agent = record->sources[i].user_agent;

    if (user_agent == NULL) {
        user_agent = "";
    }

    len = ngx_strlen(url) + ngx_strlen(user_agent);

    origin->source.url.data = ngx_pnalloc(r->pool, len + 1);
    if (origin->source.url.data == NULL) {
        origin->problem = ngx_voyo_problem_memory;
        return;
    }

    origin->source.url.len = ngx_strlen(url);
    ngx_memcpy(origin->source.url.data, url, origin->source.url.len);

    origin->source.user_agent.len = len - origin->source.url.len;
    origin->source.user_agent.data = origin->source.url.data
                                     + origin->source.url.len;
    ngx_memcpy(origin->source.user_agent.data, user_agent,
               origin->source.user_agent.len);

    origin->source.generation = record->generation;
    origin->source.codec = record->formats[i].codec;
    origin->source.expires = record->sources[i].expires;
    origin->source.not_before = record->sources[i].not_before;
}


static void
ngx_voyo_origin_art(ngx_http_request_t *r, void *data,
    ngx_voyo_outcome_e outcome, const voyo_record_t *record)
{
    size_t              len;
    ngx_voyo_origin_t  *origin;

    origin = data;

    if (outcome != NGX_VOYO_RECORD) {
        ngx_voyo_problem_outcome(&origin->problem, outcome, record);
        return;
    }

    if (record->artwork == NULL) {
        origin->problem = ngx_voyo_problem_artwork;
        return;
    }

    len = ngx_strlen(record->artwork);

    origin->source.url.data = ngx_pnalloc(r->pool, len);
    if (origin->source.url.data == NULL) {
        origin->problem = ngx_voyo_problem_memory;
        return;
    }

    origin->source.url.len = len;
    ngx_memcpy(origin->source.url.data, record->artwork, len);
}


static ngx_int_t
ngx_voyo_origin_early(ngx_http_request_t *r, ngx_voyo_origin_t *origin)
{
    time_t  left;

    left = origin->source.not_before - ngx_time();

    if (left > NGX_VOYO_EARLY_MAX) {
        origin->problem = ngx_voyo_problem_media;
        origin->problem.retry_after = left;
        return NGX_DECLINED;
    }

    origin->timer.handler = ngx_voyo_origin_timer;
    origin->timer.data = origin;
    origin->timer.log = r->connection->log;

    ngx_add_timer(&origin->timer, left * 1000);

    if (ngx_voyo_park_request(r) != NGX_AGAIN) {
        ngx_del_timer(&origin->timer);
        return NGX_ERROR;
    }

    return NGX_AGAIN;
}


static void
ngx_voyo_origin_timer(ngx_event_t *ev)
{
    ngx_voyo_origin_t  *origin;

    origin = ev->data;

    ngx_voyo_park_wake(origin->request);
}


static ngx_int_t
ngx_voyo_origin_read(ngx_http_request_t *r, ngx_voyo_origin_t *origin)
{
    off_t       size;
    u_char     *p, *last;
    ngx_str_t   text, *field;

    if (r->uri.len == sizeof("/art/") - 1 + VOYO_TRACK_LEN
        && ngx_strncmp(r->uri.data, "/art/", sizeof("/art/") - 1) == 0)
    {
        text.data = r->uri.data + sizeof("/art/") - 1;
        text.len = VOYO_TRACK_LEN;

        origin->art = 1;
        origin->track = text;
        origin->representation = text;

        return NGX_OK;
    }

    /*
     * the representation, which ends with its size: in a field of its own, or
     * as the URI, which the edge would have to put together for every hit
     */

    field = ngx_voyo_header_find(&r->headers_in.headers,
                                 "X-Voyo-Representation");

    if (field) {
        text = *field;

    } else {
        text.data = r->uri.data + 1;
        text.len = r->uri.len - 1;
    }

    /* error_page changes r->uri, the text stays */

    origin->name = text;

    if (text.len > sizeof(NGX_VOYO_MP4_HEADER) - 1
        && ngx_strncmp(text.data + text.len
                       - (sizeof(NGX_VOYO_MP4_HEADER) - 1),
                       NGX_VOYO_MP4_HEADER, sizeof(NGX_VOYO_MP4_HEADER) - 1)
           == 0)
    {
        origin->mp4_header = 1;
        text.len -= sizeof(NGX_VOYO_MP4_HEADER) - 1;
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
        != NGX_OK
        || origin->last - origin->start >= NGX_VOYO_SLICE_MAX)
    {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


ngx_voyo_origin_t *
ngx_voyo_origin_get(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t  *cln;

    for (cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_voyo_origin_cleanup) {
            return cln->data;
        }
    }

    return NULL;
}


static ngx_voyo_origin_t *
ngx_voyo_origin_create(ngx_http_request_t *r)
{
    ngx_voyo_origin_t   *origin;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_voyo_origin_t));
    if (cln == NULL) {
        return NULL;
    }

    origin = cln->data;
    ngx_memzero(origin, sizeof(ngx_voyo_origin_t));

    origin->request = r;

    cln->handler = ngx_voyo_origin_cleanup;

    return origin;
}


static void
ngx_voyo_origin_cleanup(void *data)
{
    ngx_voyo_origin_t  *origin;

    origin = data;

    ngx_voyo_origin_address_cancel(origin);

    if (origin->timer.timer_set) {
        ngx_del_timer(&origin->timer);
    }
}
