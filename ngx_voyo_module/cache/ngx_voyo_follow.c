
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_cached.h"
#include "ngx_voyo_follow.h"


#define NGX_VOYO_FOLLOW_LOOK  10        /* ms between checks */


struct ngx_voyo_follows_s {
    ngx_queue_t           fresh;         /* lookups since the last event */
    ngx_queue_t           waiting;       /* while another fetches the slice */
    ngx_event_t           event;         /* checks the fresh ones */
    ngx_event_t           timer;         /* checks the waiting ones */
};


static void ngx_voyo_follow_look(ngx_event_t *ev);
static void ngx_voyo_follow_wake(ngx_event_t *ev);
static void ngx_voyo_follow_check(ngx_http_cache_t *c);
static void ngx_voyo_follow_fail(ngx_voyo_follow_t *follow);
static void ngx_voyo_follow_cleanup(void *data);


ngx_int_t
ngx_voyo_follow(ngx_voyo_follows_t *follows, ngx_voyo_follow_t *follow,
    ngx_http_request_t *r)
{
    ngx_pool_cleanup_t  *cln;

    ngx_voyo_follow_leave(follow);

    if (r->pool != r->main->pool) {

        /* a slice's own, which may be destroyed before the event */

        cln = ngx_pool_cleanup_add(r->pool, 0);
        if (cln == NULL) {
            return NGX_ERROR;
        }

        cln->handler = ngx_voyo_follow_cleanup;
        cln->data = follow;
    }

    follow->request = r;
    follow->began = ngx_current_msec;

    ngx_queue_insert_tail(&follows->fresh, &follow->queue);

    ngx_post_event(&follows->event, &ngx_posted_events);

    return NGX_OK;
}


static void
ngx_voyo_follow_cleanup(void *data)
{
    ngx_voyo_follow_leave(data);
}


void
ngx_voyo_follow_leave(ngx_voyo_follow_t *follow)
{
    if (follow->request) {
        follow->request = NULL;
        ngx_queue_remove(&follow->queue);
    }
}


static void
ngx_voyo_follow_look(ngx_event_t *ev)
{
    ngx_queue_t         *q;
    ngx_voyo_follow_t   *follow;
    ngx_voyo_follows_t  *follows;
    ngx_http_request_t  *r;

    follows = ev->data;

    while (!ngx_queue_empty(&follows->fresh)) {

        q = ngx_queue_head(&follows->fresh);
        follow = ngx_queue_data(q, ngx_voyo_follow_t, queue);

        r = follow->request;

        ngx_voyo_follow_leave(follow);

        if (r->cache == NULL) {
            continue;
        }

        follow->handler(r, follow);

        if (!r->cache->waiting) {
            continue;
        }

        follow->request = r;
        ngx_queue_insert_tail(&follows->waiting, q);

        ngx_voyo_follow_check(r->cache);

        if (!follows->timer.timer_set) {
            ngx_add_timer(&follows->timer, NGX_VOYO_FOLLOW_LOOK);
        }
    }
}


static void
ngx_voyo_follow_wake(ngx_event_t *ev)
{
    ngx_queue_t         *q, *next, failed;
    ngx_http_cache_t    *c;
    ngx_voyo_follow_t   *follow;
    ngx_voyo_follows_t  *follows;

    follows = ev->data;

    ngx_queue_init(&failed);

    for (q = ngx_queue_head(&follows->waiting);
         q != ngx_queue_sentinel(&follows->waiting);
         q = next)
    {
        next = ngx_queue_next(q);
        follow = ngx_queue_data(q, ngx_voyo_follow_t, queue);

        c = follow->request->cache;

        if (c == NULL || !c->waiting) {
            ngx_voyo_follow_leave(follow);
            continue;
        }

        follow->status = follow->failed(follow->request, follow);

        if (follow->status) {
            ngx_queue_remove(q);
            ngx_queue_insert_tail(&failed, q);
            continue;
        }

        /* read without the lock: nginx checks with it, and may keep waiting */

        if (!c->node->updating) {
            ngx_voyo_follow_check(c);
        }
    }

    if (!ngx_queue_empty(&follows->waiting)) {
        ngx_add_timer(ev, NGX_VOYO_FOLLOW_LOOK);
    }

    while (!ngx_queue_empty(&failed)) {
        q = ngx_queue_head(&failed);
        ngx_voyo_follow_fail(ngx_queue_data(q, ngx_voyo_follow_t, queue));
    }
}


/*
 * nginx checks every 500 ms whether another request has stored the slice
 * (docs/upstream.md, N3, N25): this makes it check once that has happened.
 */

static void
ngx_voyo_follow_check(ngx_http_cache_t *c)
{
    if (!c->wait_event.timer_set) {
        return;
    }

    if (!c->node->exists && ngx_voyo_cache_full(c->file_cache)) {

        /* it is passed on, to each: the lock times out */

        c->wait_time = ngx_current_msec;

    } else if (c->node->updating) {
        return;
    }

    ngx_del_timer(&c->wait_event);
    ngx_add_timer(&c->wait_event, 0);
}


/* As nginx ends a request whose failure it has cached. */

static void
ngx_voyo_follow_fail(ngx_voyo_follow_t *follow)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = follow->request;
    c = r->connection;

    ngx_voyo_follow_leave(follow);

    ngx_http_set_log_request(c->log, r);

    r->cache->waiting = 0;
    r->main->blocked--;
    r->write_event_handler = ngx_http_request_empty_handler;

    ngx_http_file_cache_free(r->cache, NULL);

    ngx_http_finalize_request(r, follow->status);

    /* "follow" and the request may be gone */

    ngx_http_run_posted_requests(c);
}


ngx_voyo_follows_t *
ngx_voyo_follows_create(ngx_cycle_t *cycle)
{
    ngx_voyo_follows_t  *follows;

    follows = ngx_pcalloc(cycle->pool, sizeof(ngx_voyo_follows_t));
    if (follows == NULL) {
        return NULL;
    }

    ngx_queue_init(&follows->fresh);
    ngx_queue_init(&follows->waiting);

    follows->event.handler = ngx_voyo_follow_look;
    follows->event.data = follows;
    follows->event.log = cycle->log;

    follows->timer.handler = ngx_voyo_follow_wake;
    follows->timer.data = follows;
    follows->timer.log = cycle->log;
    follows->timer.cancelable = 1;

    return follows;
}
