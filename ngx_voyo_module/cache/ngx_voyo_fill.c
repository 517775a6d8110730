
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_fill.h"

#include <ngx_event_connect.h>


#define NGX_VOYO_FILL_RUNNING  32        /* at a time, per worker */
#define NGX_VOYO_FILL_SLOW     4         /* of these, prefetches */
#define NGX_VOYO_FILL_WAITING  256
#define NGX_VOYO_FILL_WATCHES  1000
#define NGX_VOYO_FILL_TIMEOUT  120000    /* ms, as long as cache locks */
#define NGX_VOYO_FILL_REQUEST  768
#define NGX_VOYO_FILL_ANSWER   4096


struct ngx_voyo_fills_s {
    ngx_addr_t             *address;
    ngx_log_t              *log;
    ngx_queue_t             running;
    ngx_queue_t             ahead;       /* waiting, served first */
    ngx_queue_t             prefetch;    /* waiting */
    ngx_uint_t              nrunning;
    ngx_uint_t              nslow;       /* of these, prefetches */
    ngx_uint_t              nwaiting;
    ngx_uint_t              nwatches;
    ngx_event_t             event;       /* starts waiting fills */
};


struct ngx_voyo_fill_s {
    ngx_queue_t             queue;
    ngx_queue_t             watches;
    ngx_voyo_fills_t       *fills;
    ngx_peer_connection_t   peer;
    ngx_connection_t       *owner;       /* NULL: several, or it has begun */
    ngx_uint_t              slow;        /* a prefetch, which may resolve */
    ngx_uint_t              again;       /* this is the second attempt */

    size_t                  key;         /* bytes of "request": the slice */
    size_t                  len;
    size_t                  sent;
    size_t                  received;
    u_char                  request[NGX_VOYO_FILL_REQUEST];
    u_char                  answer[NGX_VOYO_FILL_ANSWER];
};


static ngx_voyo_fill_t *ngx_voyo_fill_find(ngx_voyo_fills_t *fills,
    ngx_voyo_fill_t *fill);
static void ngx_voyo_fill_detach(ngx_voyo_fill_watch_t *watch);
static void ngx_voyo_fill_idle(ngx_voyo_fill_t *fill);
static void ngx_voyo_fill_run(ngx_event_t *ev);
static ngx_uint_t ngx_voyo_fill_unwanted(ngx_voyo_fill_t *fill);
static ngx_int_t ngx_voyo_fill_connect(ngx_voyo_fill_t *fill);
static void ngx_voyo_fill_send(ngx_event_t *wev);
static void ngx_voyo_fill_receive(ngx_event_t *rev);
static void ngx_voyo_fill_done(ngx_voyo_fill_t *fill);


ngx_int_t
ngx_voyo_fill_add(ngx_voyo_fills_t *fills, ngx_voyo_fill_request_t *request,
    ngx_voyo_fill_watch_t *watch)
{
    ngx_voyo_fill_t  *fill, *other;

    /* a worker that is shutting down only starts watched fills */

    if (ngx_terminate
        || (ngx_exiting && watch == NULL)
        || (watch && fills->nwatches >= NGX_VOYO_FILL_WATCHES))
    {
        return NGX_BUSY;
    }

    fill = ngx_alloc(sizeof(ngx_voyo_fill_t), fills->log);
    if (fill == NULL) {
        return NGX_ERROR;
    }

    fill->len = ngx_voyo_fill_message(fill->request, NGX_VOYO_FILL_REQUEST,
                                      request, &fill->key);
    if (fill->len == 0) {
        ngx_free(fill);
        return NGX_ERROR;
    }

    other = ngx_voyo_fill_find(fills, fill);

    ngx_log_debug4(NGX_LOG_DEBUG_HTTP, fills->log, 0,
                   "voyo fill of \"%*s\" at %O %s",
                   (size_t) VOYO_TRACK_LEN, request->track, request->offset,
                   other ? "joined" : "queued");

    if (other) {
        ngx_free(fill);
        fill = other;

        if (fill->owner != request->owner) {
            fill->owner = NULL;
        }

    } else {

        if (fills->nwaiting >= NGX_VOYO_FILL_WAITING) {
            ngx_free(fill);
            return NGX_BUSY;
        }

        fill->fills = fills;
        fill->owner = request->owner;
        fill->slow = (request->representation == NULL);
        fill->again = 0;
        fill->sent = 0;
        fill->received = 0;
        ngx_memzero(&fill->peer, sizeof(ngx_peer_connection_t));
        ngx_queue_init(&fill->watches);

        ngx_queue_insert_tail(fill->slow ? &fills->prefetch : &fills->ahead,
                              &fill->queue);
        fills->nwaiting++;
    }

    if (watch) {
        watch->fill = fill;
        ngx_queue_insert_tail(&fill->watches, &watch->queue);
        fills->nwatches++;

        ngx_voyo_fill_idle(fill);
    }

    /* not from here: the caller is not ready for a callback */

    ngx_post_event(&fills->event, &ngx_posted_events);

    return NGX_OK;
}


void
ngx_voyo_fill_leave(ngx_voyo_fills_t *fills, ngx_connection_t *owner)
{
    ngx_queue_t      *q, *next;
    ngx_voyo_fill_t  *fill;

    for (q = ngx_queue_head(&fills->ahead);
         q != ngx_queue_sentinel(&fills->ahead);
         q = next)
    {
        next = ngx_queue_next(q);
        fill = ngx_queue_data(q, ngx_voyo_fill_t, queue);

        if (fill->owner != owner) {
            continue;
        }

        fill->owner = NULL;

        if (ngx_queue_empty(&fill->watches)) {

            ngx_log_debug0(NGX_LOG_DEBUG_HTTP, fills->log, 0,
                           "voyo fill dropped, its client has left");

            ngx_queue_remove(q);
            fills->nwaiting--;

            ngx_free(fill);
        }
    }
}


void
ngx_voyo_fill_unwatch(ngx_voyo_fill_watch_t *watch)
{
    ngx_voyo_fill_t  *fill;

    fill = watch->fill;

    if (fill == NULL) {
        return;
    }

    ngx_voyo_fill_detach(watch);
    ngx_voyo_fill_idle(fill);

    if (ngx_exiting && fill->peer.connection
        && fill->peer.connection->idle)
    {
        ngx_voyo_fill_done(fill);
    }
}


static void
ngx_voyo_fill_detach(ngx_voyo_fill_watch_t *watch)
{
    ngx_queue_remove(&watch->queue);
    watch->fill->fills->nwatches--;
    watch->fill = NULL;
}


/*
 * A worker that is shutting down closes idle connections: an unwatched fill
 * does not keep it, and the request continues at the other end.
 */

static void
ngx_voyo_fill_idle(ngx_voyo_fill_t *fill)
{
    if (fill->peer.connection) {
        fill->peer.connection->idle = ngx_queue_empty(&fill->watches);
    }
}


static ngx_voyo_fill_t *
ngx_voyo_fill_find(ngx_voyo_fills_t *fills, ngx_voyo_fill_t *fill)
{
    ngx_uint_t        i;
    ngx_queue_t      *q, *queue[3];
    ngx_voyo_fill_t  *other;

    queue[0] = &fills->running;
    queue[1] = &fills->ahead;
    queue[2] = &fills->prefetch;

    for (i = 0; i < 3; i++) {

        for (q = ngx_queue_head(queue[i]);
             q != ngx_queue_sentinel(queue[i]);
             q = ngx_queue_next(q))
        {
            other = ngx_queue_data(q, ngx_voyo_fill_t, queue);

            if (other->key == fill->key
                && ngx_memcmp(other->request, fill->request, fill->key) == 0)
            {
                return other;
            }
        }
    }

    return NULL;
}


static void
ngx_voyo_fill_run(ngx_event_t *ev)
{
    ngx_queue_t       *q;
    ngx_voyo_fill_t   *fill;
    ngx_voyo_fills_t  *fills;

    fills = ev->data;

    while (fills->nrunning < NGX_VOYO_FILL_RUNNING) {

        if (!ngx_queue_empty(&fills->ahead)) {
            q = ngx_queue_head(&fills->ahead);

        } else if (!ngx_queue_empty(&fills->prefetch)
                   && fills->nslow < NGX_VOYO_FILL_SLOW)
        {
            q = ngx_queue_head(&fills->prefetch);

        } else {
            return;
        }

        fill = ngx_queue_data(q, ngx_voyo_fill_t, queue);

        ngx_queue_remove(q);
        fills->nwaiting--;

        ngx_queue_insert_tail(&fills->running, q);
        fills->nrunning++;
        fills->nslow += fill->slow;

        if (ngx_voyo_fill_unwanted(fill)
            || ngx_voyo_fill_connect(fill) != NGX_OK)
        {
            ngx_voyo_fill_done(fill);
        }
    }
}


/*
 * Whether a fill that is about to start is not needed any more.  While nginx
 * fetches a slice it does not notice that the client has left
 * (docs/upstream.md, N13), so this checks its connection.
 */

static ngx_uint_t
ngx_voyo_fill_unwanted(ngx_voyo_fill_t *fill)
{
    ngx_connection_t  *owner;

    owner = fill->owner;
    fill->owner = NULL;

    return ngx_queue_empty(&fill->watches)
           && (ngx_exiting
               || (owner && (owner->error || owner->read->pending_eof)));
}


static ngx_int_t
ngx_voyo_fill_connect(ngx_voyo_fill_t *fill)
{
    ngx_int_t               rc;
    ngx_connection_t       *c;
    ngx_peer_connection_t  *pc;

    pc = &fill->peer;

    pc->sockaddr = fill->fills->address->sockaddr;
    pc->socklen = fill->fills->address->socklen;
    pc->name = &fill->fills->address->name;
    pc->get = ngx_event_get_peer;
    pc->log = fill->fills->log;
    pc->log_error = NGX_ERROR_ERR;

    rc = ngx_event_connect_peer(pc);

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        return NGX_ERROR;
    }

    c = pc->connection;

    c->data = fill;
    c->read->handler = ngx_voyo_fill_receive;
    c->write->handler = ngx_voyo_fill_send;

    ngx_voyo_fill_idle(fill);

    c->read->cancelable = 1;
    ngx_add_timer(c->read, NGX_VOYO_FILL_TIMEOUT);

    ngx_post_event(c->write, &ngx_posted_events);

    return NGX_OK;
}


static void
ngx_voyo_fill_send(ngx_event_t *wev)
{
    ssize_t            n;
    ngx_connection_t  *c;
    ngx_voyo_fill_t   *fill;

    c = wev->data;
    fill = c->data;

    while (fill->sent < fill->len) {

        n = c->send(c, fill->request + fill->sent, fill->len - fill->sent);

        if (n == NGX_AGAIN) {
            if (ngx_handle_write_event(wev, 0) == NGX_OK) {
                return;
            }

            n = NGX_ERROR;
        }

        if (n == NGX_ERROR) {
            ngx_voyo_fill_done(fill);
            return;
        }

        fill->sent += n;
    }
}


static void
ngx_voyo_fill_receive(ngx_event_t *rev)
{
    ssize_t            n;
    ngx_connection_t  *c;
    ngx_voyo_fill_t   *fill;

    c = rev->data;
    fill = c->data;

    if (rev->timedout || c->close) {
        ngx_voyo_fill_done(fill);
        return;
    }

    while (fill->received < NGX_VOYO_FILL_ANSWER) {

        n = c->recv(c, fill->answer + fill->received,
                    NGX_VOYO_FILL_ANSWER - fill->received);

        if (n == NGX_AGAIN) {
            if (ngx_handle_read_event(rev, 0) == NGX_OK) {
                return;
            }

            n = NGX_ERROR;
        }

        if (n == NGX_ERROR || n == 0) {
            break;
        }

        fill->received += n;
    }

    ngx_voyo_fill_done(fill);
}


static void
ngx_voyo_fill_done(ngx_voyo_fill_t *fill)
{
    ngx_uint_t              status, retry_after;
    ngx_queue_t            *q;
    ngx_voyo_fills_t       *fills;
    ngx_voyo_fill_watch_t  *watch;

    fills = fill->fills;

    if (fill->peer.connection) {
        ngx_close_connection(fill->peer.connection);
        fill->peer.connection = NULL;
    }

    ngx_queue_remove(&fill->queue);
    fills->nrunning--;
    fills->nslow -= fill->slow;

    status = ngx_voyo_fill_status(fill->answer, fill->received, &retry_after);

    if (status == 0 && !fill->again && !ngx_queue_empty(&fill->watches)) {

        /*
         * the slice is incomplete, or a worker that is shutting down closed the
         * connection before the second response: only a retry can tell
         */

        fill->again = 1;
        fill->sent = 0;
        fill->received = 0;

        ngx_queue_insert_head(&fills->ahead, &fill->queue);
        fills->nwaiting++;

        ngx_post_event(&fills->event, &ngx_posted_events);
        return;
    }

    while (!ngx_queue_empty(&fill->watches)) {

        q = ngx_queue_head(&fill->watches);
        watch = ngx_queue_data(q, ngx_voyo_fill_watch_t, queue);

        ngx_voyo_fill_detach(watch);

        watch->handler(watch, status, retry_after);
    }

    ngx_free(fill);

    ngx_post_event(&fills->event, &ngx_posted_events);
}


ngx_voyo_fills_t *
ngx_voyo_fills_create(ngx_cycle_t *cycle, ngx_addr_t *address)
{
    ngx_voyo_fills_t  *fills;

    fills = ngx_pcalloc(cycle->pool, sizeof(ngx_voyo_fills_t));
    if (fills == NULL) {
        return NULL;
    }

    fills->address = address;
    fills->log = cycle->log;

    fills->event.handler = ngx_voyo_fill_run;
    fills->event.data = fills;
    fills->event.log = cycle->log;

    ngx_queue_init(&fills->running);
    ngx_queue_init(&fills->ahead);
    ngx_queue_init(&fills->prefetch);

    return fills;
}
