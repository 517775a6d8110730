
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_waiters.h"

#include <ngx_event.h>


#define NGX_VOYO_WAIT_FAILED  3       /* queries in a row */


struct ngx_voyo_waiters_s {
    ngx_rbtree_t        rbtree;
    ngx_rbtree_node_t   sentinel;
    ngx_log_t          *log;
    ngx_uint_t          n;
    ngx_uint_t          max;
    ngx_voyo_ask_pt     ask;
    ngx_voyo_leave_pt   leave;
    ngx_voyo_count_pt   count;
    void               *data;
};


static ngx_voyo_waiters_node_t *ngx_voyo_waiters_lookup(
    ngx_voyo_waiters_t *wait, ngx_str_t *track);
static ngx_voyo_waiters_node_t *ngx_voyo_waiters_node(ngx_voyo_waiters_t *wait,
    ngx_str_t *track);
static ngx_int_t ngx_voyo_waiters_ask(ngx_voyo_waiters_node_t *node);
static void ngx_voyo_waiters_unlink(ngx_voyo_waiter_t *w);
static void ngx_voyo_waiters_leave(ngx_voyo_waiters_node_t *node,
    ngx_voyo_waiter_t *w, uint64_t client);
static void ngx_voyo_waiters_idle(ngx_voyo_waiters_node_t *node);
static void ngx_voyo_waiters_repeat(ngx_event_t *ev);
static void ngx_voyo_waiters_deadline(ngx_event_t *ev);


ngx_int_t
ngx_voyo_waiters_add(ngx_voyo_waiters_t *wait, ngx_voyo_waiter_t *w,
    ngx_str_t *track, ngx_msec_t timeout)
{
    ngx_uint_t                ask;
    ngx_voyo_waiters_node_t  *node;

    w->node = NULL;

    if (wait->n >= wait->max) {
        return NGX_BUSY;
    }

    node = ngx_voyo_waiters_lookup(wait, track);

    if (node == NULL) {
        node = ngx_voyo_waiters_node(wait, track);
        if (node == NULL) {
            return NGX_ERROR;
        }
    }

    /* the previous query may be for a newer record, or a prefetch */

    ask = ngx_queue_empty(&node->waiters)
          || w->newer_than < node->newer_than
          || w->lane > node->lane;

    ngx_queue_insert_tail(&node->waiters, &w->queue);

    if (node->asking) {
        node->again |= ask;

    } else if (ask && ngx_voyo_waiters_ask(node) != NGX_OK) {

        ngx_queue_remove(&w->queue);
        ngx_voyo_waiters_idle(node);

        return NGX_DECLINED;
    }

    w->node = node;

    w->timer.handler = ngx_voyo_waiters_deadline;
    w->timer.data = w;
    w->timer.log = wait->log;

    ngx_add_timer(&w->timer, timeout);

    wait->n++;
    wait->count(w, 1, wait->data);

    if (!node->timer.timer_set) {
        ngx_add_timer(&node->timer, NGX_VOYO_WAIT_REPEAT);
    }

    return NGX_AGAIN;
}


void
ngx_voyo_waiters_remove(ngx_voyo_waiter_t *w)
{
    ngx_voyo_waiters_node_t  *node;

    node = w->node;

    if (node == NULL) {
        return;
    }

    ngx_voyo_waiters_unlink(w);
    ngx_voyo_waiters_leave(node, w, w->client);
    ngx_voyo_waiters_idle(node);
}


ngx_uint_t
ngx_voyo_waiters_event(ngx_voyo_waiters_t *wait, ngx_str_t *track)
{
    ngx_voyo_waiters_node_t  *node;

    node = ngx_voyo_waiters_lookup(wait, track);

    if (node == NULL) {
        return 0;
    }

    if (node->asking) {
        node->again = 1;

    } else {
        (void) ngx_voyo_waiters_ask(node);
    }

    return 1;
}


void
ngx_voyo_waiters_answer(ngx_voyo_waiters_node_t *node, ngx_msec_t pending,
    ngx_voyo_outcome_e outcome, const voyo_record_t *record)
{
    ngx_uint_t          again;
    ngx_queue_t        *q, *next, woken;
    ngx_voyo_waiter_t  *w;

    node->asking = 0;
    node->failed = 0;
    node->pending = (pending != 0);

    ngx_queue_init(&woken);

    if (pending) {

        if (pending < NGX_VOYO_WAIT_REPEAT) {
            ngx_add_timer(&node->timer, pending);
        }

    } else {

        /* detach all satisfied waiters before the first is called */

        for (q = ngx_queue_head(&node->waiters);
             q != ngx_queue_sentinel(&node->waiters);
             q = next)
        {
            next = ngx_queue_next(q);
            w = ngx_queue_data(q, ngx_voyo_waiter_t, queue);

            if (outcome == NGX_VOYO_RECORD
                && w->newer_than >= (uint64_t) record->generation)
            {
                continue;
            }

            ngx_queue_remove(q);
            ngx_queue_insert_tail(&woken, q);
        }
    }

    /* the remaining waiters need a newer record */

    again = !ngx_queue_empty(&woken);

    /* keeps the node from being freed by others */

    node->asking = 1;

    while (!ngx_queue_empty(&woken)) {

        q = ngx_queue_head(&woken);
        w = ngx_queue_data(q, ngx_voyo_waiter_t, queue);

        ngx_voyo_waiters_unlink(w);

        w->handler(w, outcome, record);
    }

    node->asking = 0;

    if (!ngx_queue_empty(&node->waiters) && (node->again || again)) {
        (void) ngx_voyo_waiters_ask(node);
    }

    ngx_voyo_waiters_idle(node);
}


void
ngx_voyo_waiters_failed(ngx_voyo_waiters_node_t *node)
{
    node->asking = 0;

    /* Redis may be back in time, so the waiters are not called yet */

    if (++node->failed >= NGX_VOYO_WAIT_FAILED) {
        ngx_voyo_waiters_answer(node, 0, NGX_VOYO_NO_REDIS, NULL);
        return;
    }

    ngx_voyo_waiters_idle(node);
}


static ngx_voyo_waiters_node_t *
ngx_voyo_waiters_lookup(ngx_voyo_waiters_t *wait, ngx_str_t *track)
{
    uint32_t         hash;
    ngx_str_node_t  *sn;

    hash = ngx_crc32_short(track->data, track->len);

    sn = ngx_str_rbtree_lookup(&wait->rbtree, track, hash);

    return (ngx_voyo_waiters_node_t *) sn;
}


static ngx_voyo_waiters_node_t *
ngx_voyo_waiters_node(ngx_voyo_waiters_t *wait, ngx_str_t *track)
{
    ngx_voyo_waiters_node_t  *node;

    if (track->len != VOYO_TRACK_LEN) {
        return NULL;
    }

    node = ngx_calloc(sizeof(ngx_voyo_waiters_node_t), wait->log);
    if (node == NULL) {
        return NULL;
    }

    ngx_memcpy(node->track, track->data, VOYO_TRACK_LEN);

    node->sn.str.data = node->track;
    node->sn.str.len = VOYO_TRACK_LEN;
    node->sn.node.key = ngx_crc32_short(node->track, VOYO_TRACK_LEN);

    node->wait = wait;

    ngx_queue_init(&node->waiters);

    node->timer.handler = ngx_voyo_waiters_repeat;
    node->timer.data = node;
    node->timer.log = wait->log;
    node->timer.cancelable = 1;

    ngx_rbtree_insert(&wait->rbtree, &node->sn.node);

    return node;
}


static ngx_int_t
ngx_voyo_waiters_ask(ngx_voyo_waiters_node_t *node)
{
    ngx_int_t           rc;
    ngx_queue_t        *q;
    ngx_voyo_waiter_t  *w;

    node->again = 0;
    node->lane = NGX_VOYO_LANE_PREFETCH;
    node->client = 0;
    ngx_str_null(&node->request_id);
    node->newer_than = (uint64_t) -1;

    for (q = ngx_queue_head(&node->waiters);
         q != ngx_queue_sentinel(&node->waiters);
         q = ngx_queue_next(q))
    {
        w = ngx_queue_data(q, ngx_voyo_waiter_t, queue);

        if (w->lane >= node->lane) {
            node->lane = w->lane;
            node->client = w->client;
            node->request_id = w->request_id;
        }

        node->newer_than = ngx_min(node->newer_than, w->newer_than);
    }

    rc = node->wait->ask(node, node->wait->data);

    if (rc == NGX_OK) {
        node->asking = 1;
    }

    return rc;
}


static void
ngx_voyo_waiters_unlink(ngx_voyo_waiter_t *w)
{
    ngx_voyo_waiters_t  *wait;

    wait = w->node->wait;

    ngx_queue_remove(&w->queue);
    w->node = NULL;

    if (w->timer.timer_set) {
        ngx_del_timer(&w->timer);
    }

    wait->n--;
    wait->count(w, -1, wait->data);
}


static void
ngx_voyo_waiters_leave(ngx_voyo_waiters_node_t *node, ngx_voyo_waiter_t *w,
    uint64_t client)
{
    ngx_queue_t        *q;
    ngx_voyo_waiter_t  *other;

    if (w->lane == NGX_VOYO_LANE_PREFETCH || w->lane != node->lane) {
        return;
    }

    for (q = ngx_queue_head(&node->waiters);
         q != ngx_queue_sentinel(&node->waiters);
         q = ngx_queue_next(q))
    {
        other = ngx_queue_data(q, ngx_voyo_waiter_t, queue);

        if (other->lane == node->lane) {
            return;
        }
    }

    node->wait->leave(node, client, node->wait->data);

    /* nothing is left to be taken back until it is asked again */

    node->lane = NGX_VOYO_LANE_PREFETCH;

    /* but the job was also that of the others */

    if (node->asking) {
        node->again = 1;

    } else if (!ngx_queue_empty(&node->waiters)) {
        (void) ngx_voyo_waiters_ask(node);
    }
}


static void
ngx_voyo_waiters_idle(ngx_voyo_waiters_node_t *node)
{
    /* a query in flight refers to the node */

    if (node->asking || !ngx_queue_empty(&node->waiters)) {
        return;
    }

    if (node->timer.timer_set) {
        ngx_del_timer(&node->timer);
    }

    ngx_rbtree_delete(&node->wait->rbtree, &node->sn.node);

    ngx_free(node);
}


static void
ngx_voyo_waiters_repeat(ngx_event_t *ev)
{
    ngx_voyo_waiters_node_t  *node;

    node = ev->data;

    if (ngx_queue_empty(&node->waiters)) {
        return;
    }

    ngx_add_timer(ev, NGX_VOYO_WAIT_REPEAT);

    if (!node->asking && ngx_voyo_waiters_ask(node) != NGX_OK) {
        ngx_voyo_waiters_failed(node);
    }
}


static void
ngx_voyo_waiters_deadline(ngx_event_t *ev)
{
    ngx_voyo_waiter_t        *w;
    ngx_voyo_waiters_node_t  *node;

    w = ev->data;
    node = w->node;

    ngx_voyo_waiters_unlink(w);
    ngx_voyo_waiters_leave(node, w, 0);
    ngx_voyo_waiters_idle(node);

    w->handler(w, NGX_VOYO_TIMEOUT, NULL);
}


ngx_voyo_waiters_t *
ngx_voyo_waiters_create(ngx_pool_t *pool, ngx_log_t *log, ngx_uint_t max,
    ngx_voyo_ask_pt ask, ngx_voyo_leave_pt leave, ngx_voyo_count_pt count,
    void *data)
{
    ngx_voyo_waiters_t  *wait;

    wait = ngx_pcalloc(pool, sizeof(ngx_voyo_waiters_t));
    if (wait == NULL) {
        return NULL;
    }

    ngx_rbtree_init(&wait->rbtree, &wait->sentinel,
                    ngx_str_rbtree_insert_value);

    wait->log = log;
    wait->max = max;
    wait->ask = ask;
    wait->leave = leave;
    wait->count = count;
    wait->data = data;

    return wait;
}
