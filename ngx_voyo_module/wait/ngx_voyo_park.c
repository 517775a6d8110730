
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_client.h"
#include "ngx_voyo_park.h"
#include "ngx_voyo_request_id.h"
#include "ngx_voyo_waiters.h"


typedef struct {
    ngx_voyo_waiter_t    waiter;
    ngx_voyo_ctx_t      *ctx;
    ngx_voyo_parked_pt   handler;
} ngx_voyo_park_t;


static ngx_int_t ngx_voyo_park_add(ngx_voyo_ctx_t *ctx, ngx_str_t *track,
    uint64_t newer_than, ngx_voyo_parked_pt handler);
static void ngx_voyo_park_done(ngx_voyo_waiter_t *w,
    ngx_voyo_outcome_e outcome, const voyo_record_t *record);
static void ngx_voyo_park_problem(ngx_voyo_problem_t *problem,
    ngx_voyo_outcome_e outcome, const voyo_record_t *record);
static void ngx_voyo_park_cleanup(void *data);


ngx_int_t
ngx_voyo_park(ngx_voyo_ctx_t *ctx, ngx_str_t *track, uint64_t newer_than,
    ngx_voyo_parked_pt handler)
{
    switch (ngx_voyo_park_add(ctx, track, newer_than, handler)) {

    case NGX_AGAIN:
        ctx->started = ngx_current_msec;
        ctx->request->connection->log->action = "waiting for a track";

        ngx_log_debug2(NGX_LOG_DEBUG_HTTP, ctx->request->connection->log, 0,
                       "voyo parked for \"%V\", newer than %uL", track,
                       newer_than);
        return NGX_AGAIN;

    case NGX_BUSY:
        ctx->problem = ngx_voyo_problem_busy;
        break;

    case NGX_DECLINED:
        ctx->problem = ngx_voyo_problem_redis;
        break;

    default:
        ctx->problem = ngx_voyo_problem_memory;
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_voyo_park_add(ngx_voyo_ctx_t *ctx, ngx_str_t *track, uint64_t newer_than,
    ngx_voyo_parked_pt handler)
{
    ngx_int_t              rc;
    ngx_voyo_park_t       *park;
    ngx_pool_cleanup_t    *cln;
    ngx_voyo_loc_conf_t   *vlcf;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(ctx->request, ngx_voyo_module);
    vlcf = ngx_http_get_module_loc_conf(ctx->request, ngx_voyo_module);

    cln = ngx_pool_cleanup_add(ctx->request->pool, sizeof(ngx_voyo_park_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    park = cln->data;
    ngx_memzero(park, sizeof(ngx_voyo_park_t));

    park->ctx = ctx;
    park->handler = handler;
    park->waiter.handler = ngx_voyo_park_done;
    park->waiter.data = park;
    park->waiter.newer_than = newer_than;
    park->waiter.client = ngx_voyo_client_key(ctx->request);
    park->waiter.request_id = ngx_voyo_request_id(ctx->request);
    park->waiter.lane = vlcf->fill ? NGX_VOYO_LANE_PREFETCH
                        : vlcf->stream || vlcf->origin ? NGX_VOYO_LANE_PLAY
                        : NGX_VOYO_LANE_INFO;

    cln->handler = ngx_voyo_park_cleanup;

    rc = ngx_voyo_waiters_add(vmcf->wait, &park->waiter, track,
                              vlcf->resolve_timeout);

    if (rc == NGX_AGAIN && ngx_voyo_park_request(ctx->request) != NGX_AGAIN) {
        ngx_voyo_waiters_remove(&park->waiter);
        return NGX_ERROR;
    }

    return rc;
}


ngx_int_t
ngx_voyo_park_request(ngx_http_request_t *r)
{
    ngx_connection_t  *c;

    c = r->connection;

    if (c->read->ready) {
        ngx_post_event(c->read, &ngx_posted_events);

    } else if (ngx_handle_read_event(c->read, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    return NGX_AGAIN;
}


void
ngx_voyo_park_wake(ngx_http_request_t *r)
{
    ngx_connection_t  *c;

    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_core_run_phases;

    ngx_http_core_run_phases(r);

    /* the request may be gone */

    ngx_http_run_posted_requests(c);
}


static void
ngx_voyo_park_done(ngx_voyo_waiter_t *w, ngx_voyo_outcome_e outcome,
    const voyo_record_t *record)
{
    ngx_voyo_ctx_t   *ctx;
    ngx_voyo_park_t  *park;

    park = w->data;
    ctx = park->ctx;

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, ctx->request->connection->log, 0,
                   "voyo woken by outcome %d", outcome);

    ctx->waited = ngx_current_msec - ctx->started;

    if (outcome == NGX_VOYO_RECORD) {
        park->handler(ctx, record);

    } else {
        ngx_voyo_park_problem(&ctx->problem, outcome, record);
    }

    ngx_voyo_park_wake(ctx->request);
}


static void
ngx_voyo_park_problem(ngx_voyo_problem_t *problem, ngx_voyo_outcome_e outcome,
    const voyo_record_t *record)
{
    const voyo_class_info_t  *info;

    switch (outcome) {

    case NGX_VOYO_NO_RESOLVER:
        *problem = ngx_voyo_problem_resolver;
        return;

    case NGX_VOYO_NO_REDIS:
        *problem = ngx_voyo_problem_redis;
        return;

    case NGX_VOYO_FAILURE:
        break;

    default:
        *problem = ngx_voyo_problem_timeout;
        return;
    }

    info = voyo_class_info(record->error);

    problem->status = info->status;
    problem->code = info->name;
    problem->title = info->title;
    problem->retryable = !info->permanent;
    problem->size = 0;
    problem->retry_after = 0;

    if (problem->status == NGX_HTTP_TOO_MANY_REQUESTS
        || problem->status >= NGX_HTTP_INTERNAL_SERVER_ERROR)
    {
        problem->retry_after = ngx_max(record->retry_after, 1);
    }
}


static void
ngx_voyo_park_cleanup(void *data)
{
    ngx_voyo_park_t  *park;

    park = data;

    ngx_voyo_waiters_remove(&park->waiter);
}
