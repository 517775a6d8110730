
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_lookup.h"
#include "ngx_voyo_park.h"
#include "ngx_voyo_source.h"

#include "voyo_record.h"


#define NGX_VOYO_RENEWALS   2      /* per request, docs/upstream.md, G5 */
#define NGX_VOYO_DEAD       300    /* seconds before "expires", G6 */
#define NGX_VOYO_STALE      1800   /* seconds before it, refresh early */
#define NGX_VOYO_EARLY_MAX  30     /* seconds to wait for "not_before" */


static void ngx_voyo_source_parked(ngx_voyo_ctx_t *ctx,
    const voyo_record_t *record);
static ngx_int_t ngx_voyo_source_early(ngx_http_request_t *r,
    ngx_voyo_origin_t *origin);
static void ngx_voyo_source_timer(ngx_event_t *ev);


ngx_int_t
ngx_voyo_source(ngx_http_request_t *r, ngx_voyo_origin_t *origin)
{
    ngx_int_t              rc;
    ngx_voyo_source_t      source;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);

    if (origin->source.url.len == 0) {

        rc = ngx_voyo_zone_source(vmcf->shm_zone, &origin->track,
                                  &origin->representation, r->pool, &source);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_ABORT && source.generation > origin->newer_than) {
            origin->ctx.problem = ngx_voyo_problem_gone;
            return NGX_DECLINED;
        }

        if (rc != NGX_OK || source.generation <= origin->newer_than) {
            return ngx_voyo_park(&origin->ctx, &origin->track,
                                 origin->newer_than, ngx_voyo_source_parked);
        }

        origin->source = source;
    }

    if (origin->source.expires - ngx_time() < NGX_VOYO_DEAD) {

        /* the host would refuse it */

        if (ngx_voyo_source_renew(r, origin, NGX_VOYO_REFRESH_EXPIRED)
            != NGX_OK)
        {
            origin->ctx.problem = ngx_voyo_problem_media;
            return NGX_DECLINED;
        }

        return ngx_voyo_source(r, origin);
    }

    if (origin->source.not_before > ngx_time()) {
        return ngx_voyo_source_early(r, origin);
    }

    if (origin->source.expires - ngx_time() < NGX_VOYO_STALE) {
        ngx_voyo_lookup_refresh(vmcf, &origin->track,
                                origin->source.generation);
    }

    if (ngx_voyo_source_use(r, origin) != NGX_OK) {
        return NGX_DECLINED;
    }

    ngx_log_debug3(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "voyo source \"%V\" of generation %uL, %T s left",
                   &origin->url.host, origin->source.generation,
                   origin->source.expires - ngx_time());

    origin->sourced = 1;

    return NGX_OK;
}


ngx_int_t
ngx_voyo_source_use(ngx_http_request_t *r, ngx_voyo_origin_t *origin)
{
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);

    origin->addressed = 0;

    if (ngx_voyo_media_url_parse(&origin->url, &origin->source.url)
        != NGX_OK)
    {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "unusable URL of \"%V\"", &origin->representation);
        origin->ctx.problem = ngx_voyo_problem_host;
        return NGX_DECLINED;
    }

    origin->host = ngx_voyo_hosts_find(vmcf->hosts, &origin->url);

    if (origin->host == NULL) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "\"%V://%V\" is not allowed by \"voyo_media_hosts\", "
                      "\"%V\" is answered with 502", &origin->url.scheme,
                      &origin->url.host, &origin->representation);
        origin->ctx.problem = ngx_voyo_problem_host;
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static void
ngx_voyo_source_parked(ngx_voyo_ctx_t *ctx, const voyo_record_t *record)
{
    int                 i;
    ngx_voyo_origin_t  *origin;
    ngx_voyo_source_t  *source;

    origin = (ngx_voyo_origin_t *) ctx;
    source = &origin->source;

    i = voyo_format_find(record->formats, record->nformats,
                         (char *) origin->representation.data,
                         origin->representation.len);
    if (i < 0) {
        ctx->problem = ngx_voyo_problem_gone;
        return;
    }

    /* the zone may be too small for it, so use the record's */

    ngx_voyo_zone_source_of(source, record, i);

    source->url.data = ngx_pstrdup(ctx->request->pool, &source->url);
    source->user_agent.data = ngx_pstrdup(ctx->request->pool,
                                          &source->user_agent);

    if (source->url.data == NULL || source->user_agent.data == NULL) {
        ctx->problem = ngx_voyo_problem_memory;
    }
}


static ngx_int_t
ngx_voyo_source_early(ngx_http_request_t *r, ngx_voyo_origin_t *origin)
{
    time_t  left;

    left = origin->source.not_before - ngx_time();

    if (left > NGX_VOYO_EARLY_MAX) {
        origin->ctx.problem = ngx_voyo_problem_media;
        origin->ctx.problem.retry_after = left;
        return NGX_DECLINED;
    }

    origin->ctx.timer.handler = ngx_voyo_source_timer;
    origin->ctx.timer.data = origin;
    origin->ctx.timer.log = r->connection->log;

    ngx_add_timer(&origin->ctx.timer, left * 1000);

    if (ngx_voyo_park_request(r) != NGX_AGAIN) {
        ngx_del_timer(&origin->ctx.timer);
        return NGX_ERROR;
    }

    return NGX_AGAIN;
}


static void
ngx_voyo_source_timer(ngx_event_t *ev)
{
    ngx_voyo_origin_t  *origin;

    origin = ev->data;

    ngx_voyo_park_wake(origin->ctx.request);
}


ngx_int_t
ngx_voyo_source_renew(ngx_http_request_t *r, ngx_voyo_origin_t *origin,
    ngx_voyo_counter_e cause)
{
    ngx_voyo_main_conf_t  *vmcf;

    if (origin->refreshes >= NGX_VOYO_RENEWALS) {
        return NGX_DECLINED;
    }

    /*
     * another request has just had it renewed: an outage of the media hosts
     * must not cause one extraction after another
     */

    if (origin->refreshes == 0 && origin->source.fresh) {
        return NGX_DECLINED;
    }

    if (origin->source.expires - ngx_time() < NGX_VOYO_DEAD) {
        cause = NGX_VOYO_REFRESH_EXPIRED;
    }

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);
    ngx_voyo_count(vmcf->shm_zone, cause);

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "voyo newer source than %uL, renewal %ui",
                   origin->source.generation, origin->refreshes + 1);

    origin->refreshes++;
    origin->newer_than = origin->source.generation;
    origin->source.url.len = 0;
    origin->found = 0;
    origin->sourced = 0;
    origin->addressed = 0;

    return NGX_OK;
}
