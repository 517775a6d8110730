
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_heartbeats.h"
#include "ngx_voyo_lookup.h"
#include "ngx_voyo_problem.h"


/* in milliseconds: probes often allow a second for all */

#define NGX_VOYO_HEARTBEATS_TIMEOUT  500


/* A query to Redis; the request may be gone before the reply. */

typedef struct {
    ngx_http_request_t      *request;
    ngx_voyo_heartbeats_pt   handler;
    ngx_pool_cleanup_t      *cleanup;
    ngx_event_t              timer;
    struct timeval           began;
} ngx_voyo_heartbeats_t;


static void ngx_voyo_heartbeats_reply(void *data, redisReply *reply);
static void ngx_voyo_heartbeats_timeout(ngx_event_t *ev);
static void ngx_voyo_heartbeats_end(ngx_voyo_heartbeats_t *ask,
    redisReply *reply);
static void ngx_voyo_heartbeats_cleanup(void *data);


ngx_int_t
ngx_voyo_heartbeats(ngx_http_request_t *r, ngx_voyo_heartbeats_pt handler)
{
    ngx_int_t               rc;
    ngx_pool_cleanup_t     *cln;
    ngx_voyo_main_conf_t   *vmcf;
    ngx_voyo_heartbeats_t  *ask;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return ngx_voyo_problem_send(r, &ngx_voyo_problem_method);
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    ask = ngx_calloc(sizeof(ngx_voyo_heartbeats_t), r->connection->log);
    if (ask == NULL) {
        return NGX_ERROR;
    }

    ask->request = r;
    ask->handler = handler;
    ngx_gettimeofday(&ask->began);

    ask->timer.handler = ngx_voyo_heartbeats_timeout;
    ask->timer.data = ask;
    ask->timer.log = r->connection->log;

    if (ngx_voyo_lookup_heartbeats(vmcf, ngx_voyo_heartbeats_reply, ask)
        != NGX_OK)
    {
        ngx_free(ask);
        return handler(r, NULL, 0);
    }

    cln->handler = ngx_voyo_heartbeats_cleanup;
    cln->data = ask;

    ask->cleanup = cln;

    ngx_add_timer(&ask->timer, NGX_VOYO_HEARTBEATS_TIMEOUT);

    r->main->count++;

    return NGX_DONE;
}


static void
ngx_voyo_heartbeats_reply(void *data, redisReply *reply)
{
    ngx_voyo_heartbeats_t  *ask = data;

    if (ask->request) {
        ngx_voyo_heartbeats_end(ask, reply);
    }

    ngx_free(ask);
}


static void
ngx_voyo_heartbeats_timeout(ngx_event_t *ev)
{
    ngx_voyo_heartbeats_end(ev->data, NULL);
}


static void
ngx_voyo_heartbeats_end(ngx_voyo_heartbeats_t *ask, redisReply *reply)
{
    ngx_uint_t           usec;
    struct timeval       now;
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ask->request;
    c = r->connection;

    ask->cleanup->handler = NULL;

    ngx_voyo_heartbeats_cleanup(ask);

    ngx_gettimeofday(&now);

    usec = (now.tv_sec - ask->began.tv_sec) * 1000000
           + now.tv_usec - ask->began.tv_usec;

    ngx_http_set_log_request(c->log, r);

    ngx_http_finalize_request(r, ask->handler(r, reply, usec));
    ngx_http_run_posted_requests(c);
}


static void
ngx_voyo_heartbeats_cleanup(void *data)
{
    ngx_voyo_heartbeats_t  *ask = data;

    ask->request = NULL;

    if (ask->timer.timer_set) {
        ngx_del_timer(&ask->timer);
    }
}
