
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_park.h"


typedef struct {
    ngx_voyo_waiter_t     waiter;
    ngx_http_request_t   *request;
    ngx_voyo_parked_pt    handler;
    void                 *data;
} ngx_voyo_park_t;


static void ngx_voyo_park_done(ngx_voyo_waiter_t *w,
    ngx_voyo_outcome_e outcome, const voyo_record_t *record);
static void ngx_voyo_park_cleanup(void *data);


ngx_int_t
ngx_voyo_park(ngx_http_request_t *r, ngx_str_t *track, uint64_t newer_than,
    ngx_voyo_parked_pt handler, void *data)
{
    ngx_int_t              rc;
    ngx_voyo_park_t       *park;
    ngx_pool_cleanup_t    *cln;
    ngx_voyo_loc_conf_t   *vlcf;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);
    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_voyo_park_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    park = cln->data;
    ngx_memzero(park, sizeof(ngx_voyo_park_t));

    park->request = r;
    park->handler = handler;
    park->data = data;
    park->waiter.handler = ngx_voyo_park_done;
    park->waiter.data = park;
    park->waiter.newer_than = newer_than;
    park->waiter.play = !vlcf->fill;

    cln->handler = ngx_voyo_park_cleanup;

    rc = ngx_voyo_waiters_add(vmcf->wait, &park->waiter, track,
                              vlcf->resolve_timeout);
    if (rc != NGX_AGAIN) {
        return rc;
    }

    if (ngx_voyo_park_request(r) != NGX_AGAIN) {
        ngx_voyo_waiters_remove(&park->waiter);
        return NGX_ERROR;
    }

    r->connection->log->action = "waiting for a track";

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "voyo parked for \"%V\", newer than %uL", track,
                   newer_than);

    return NGX_AGAIN;
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
    ngx_voyo_park_t  *park;

    park = w->data;

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, park->request->connection->log, 0,
                   "voyo woken by outcome %d", outcome);

    park->handler(park->request, park->data, outcome, record);

    ngx_voyo_park_wake(park->request);
}


static void
ngx_voyo_park_cleanup(void *data)
{
    ngx_voyo_park_t  *park;

    park = data;

    ngx_voyo_waiters_remove(&park->waiter);
}


ngx_int_t
ngx_voyo_park_refused(ngx_http_request_t *r, ngx_int_t rc)
{
    switch (rc) {

    case NGX_BUSY:
        return ngx_voyo_problem(r, &ngx_voyo_problem_busy);

    case NGX_DECLINED:
        return ngx_voyo_problem(r, &ngx_voyo_problem_redis);

    default:
        return ngx_voyo_problem(r, &ngx_voyo_problem_memory);
    }
}


void
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
