
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_counters.h"
#include "ngx_voyo_fill.h"
#include "ngx_voyo_fill_connection.h"


#define NGX_VOYO_FILL_WAITING  256
#define NGX_VOYO_FILL_WATCHES  1000


/*
 * Fills of one kind do not wait for those of another: those of unknown tracks
 * are as slow as the source, and only wait for it.
 */

typedef enum {
    NGX_VOYO_FILL_AHEAD = 0,
    NGX_VOYO_FILL_PREFETCH,
    NGX_VOYO_FILL_UNKNOWN,               /* a prefetch that is resolved first */
    NGX_VOYO_FILL_KINDS
} ngx_voyo_fill_kind_e;


struct ngx_voyo_fills_s {
    ngx_shm_zone_t         *zone;        /* with the counters */
    ngx_addr_t             *address;
    ngx_str_t              *uri;
    ngx_log_t              *log;
    ngx_queue_t             running;
    ngx_queue_t             waiting[NGX_VOYO_FILL_KINDS];
    ngx_uint_t              nrunning[NGX_VOYO_FILL_KINDS];
    ngx_uint_t              nwaiting;
    ngx_uint_t              nwatches;
    ngx_event_t             event;       /* starts waiting fills */
};


struct ngx_voyo_fill_s {
    ngx_queue_t                  queue;
    ngx_queue_t                  watches;
    ngx_voyo_fills_t            *fills;
    ngx_connection_t            *owner;  /* NULL: several, or it has begun */
    ngx_voyo_fill_kind_e         kind;
    ngx_uint_t                   again;  /* this is the second attempt */
    size_t                       key;    /* bytes of its request: the slice */
    ngx_voyo_fill_connection_t   connection;
};


static ngx_voyo_fill_t *ngx_voyo_fill_find(ngx_voyo_fills_t *fills,
    ngx_voyo_fill_t *fill);
static void ngx_voyo_fill_waits(ngx_voyo_fills_t *fills, ngx_int_t n);
static void ngx_voyo_fill_detach(ngx_voyo_fill_watch_t *watch);
static void ngx_voyo_fill_idle(ngx_voyo_fill_t *fill);
static void ngx_voyo_fill_run(ngx_event_t *ev);
static ngx_uint_t ngx_voyo_fill_unwanted(ngx_voyo_fill_t *fill);
static void ngx_voyo_fill_done(void *data);


/* at a time, per worker */

static const ngx_uint_t  ngx_voyo_fill_running[NGX_VOYO_FILL_KINDS] = {
    32, 8, 32
};


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

    fill = ngx_calloc(sizeof(ngx_voyo_fill_t), fills->log);
    if (fill == NULL) {
        return NGX_ERROR;
    }

    fill->connection.len = ngx_voyo_fill_message(fill->connection.request,
                                                 NGX_VOYO_FILL_REQUEST,
                                                 fills->uri, request,
                                                 &fill->key);
    if (fill->connection.len == 0) {
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
            ngx_voyo_count(fills->zone, NGX_VOYO_FILLS_DROPPED);
            ngx_free(fill);
            return NGX_BUSY;
        }

        fill->fills = fills;
        fill->owner = request->owner;
        fill->kind = request->representation ? NGX_VOYO_FILL_AHEAD
                     : request->unknown ? NGX_VOYO_FILL_UNKNOWN
                     : NGX_VOYO_FILL_PREFETCH;
        fill->connection.handler = ngx_voyo_fill_done;
        fill->connection.data = fill;
        ngx_queue_init(&fill->watches);

        ngx_queue_insert_tail(&fills->waiting[fill->kind], &fill->queue);
        ngx_voyo_fill_waits(fills, 1);

        ngx_voyo_count(fills->zone, request->representation
                                    ? NGX_VOYO_FILLS_AHEAD
                                    : NGX_VOYO_FILLS_PREFETCH);
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
    ngx_queue_t      *q, *next, *ahead;
    ngx_voyo_fill_t  *fill;

    ahead = &fills->waiting[NGX_VOYO_FILL_AHEAD];

    for (q = ngx_queue_head(ahead); q != ngx_queue_sentinel(ahead); q = next)
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
            ngx_voyo_fill_waits(fills, -1);

            ngx_free(fill);
        }
    }
}


void
ngx_voyo_fill_unwatch(ngx_voyo_fill_watch_t *watch)
{
    ngx_voyo_fill_t   *fill;
    ngx_connection_t  *c;

    fill = watch->fill;

    if (fill == NULL) {
        return;
    }

    ngx_voyo_fill_detach(watch);
    ngx_voyo_fill_idle(fill);

    c = fill->connection.peer.connection;

    if (ngx_exiting && c && c->idle) {
        ngx_voyo_fill_done(fill);
    }
}


static void
ngx_voyo_fill_waits(ngx_voyo_fills_t *fills, ngx_int_t n)
{
    fills->nwaiting += n;
    ngx_voyo_gauges(fills->zone)->waiting += n;
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
    if (fill->connection.peer.connection) {
        fill->connection.peer.connection->idle =
                                              ngx_queue_empty(&fill->watches);
    }
}


static ngx_voyo_fill_t *
ngx_voyo_fill_find(ngx_voyo_fills_t *fills, ngx_voyo_fill_t *fill)
{
    ngx_uint_t        i;
    ngx_queue_t      *q, *queue;
    ngx_voyo_fill_t  *other;

    for (i = 0; i <= NGX_VOYO_FILL_KINDS; i++) {

        queue = i < NGX_VOYO_FILL_KINDS ? &fills->waiting[i] : &fills->running;

        for (q = ngx_queue_head(queue);
             q != ngx_queue_sentinel(queue);
             q = ngx_queue_next(q))
        {
            other = ngx_queue_data(q, ngx_voyo_fill_t, queue);

            if (other->key == fill->key
                && ngx_memcmp(other->connection.request,
                              fill->connection.request, fill->key)
                   == 0)
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
    ngx_uint_t         kind;
    ngx_queue_t       *q;
    ngx_voyo_fill_t   *fill;
    ngx_voyo_fills_t  *fills;

    fills = ev->data;
    kind = 0;

    while (kind < NGX_VOYO_FILL_KINDS) {

        if (ngx_queue_empty(&fills->waiting[kind])
            || fills->nrunning[kind] >= ngx_voyo_fill_running[kind])
        {
            kind++;
            continue;
        }

        q = ngx_queue_head(&fills->waiting[kind]);
        fill = ngx_queue_data(q, ngx_voyo_fill_t, queue);

        ngx_queue_remove(q);
        ngx_voyo_fill_waits(fills, -1);

        ngx_queue_insert_tail(&fills->running, q);
        fills->nrunning[kind]++;
        ngx_voyo_gauges(fills->zone)->running++;

        if (ngx_voyo_fill_unwanted(fill)
            || ngx_voyo_fill_connect(&fill->connection, fills->address,
                                     fills->log)
               != NGX_OK)
        {
            ngx_voyo_fill_done(fill);
            continue;
        }

        ngx_voyo_fill_idle(fill);
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


static void
ngx_voyo_fill_done(void *data)
{
    ngx_voyo_fill_t        *fill = data;

    ngx_uint_t              status;
    ngx_queue_t            *q;
    ngx_voyo_fills_t       *fills;
    ngx_voyo_fill_watch_t  *watch;

    fills = fill->fills;

    ngx_voyo_fill_close(&fill->connection);

    ngx_queue_remove(&fill->queue);
    fills->nrunning[fill->kind]--;
    ngx_voyo_gauges(fills->zone)->running--;

    status = ngx_voyo_fill_status(&fill->connection.answer);

    if (status == 0 && !fill->again && !ngx_queue_empty(&fill->watches)) {

        /*
         * the slice is incomplete, or a worker that is shutting down closed the
         * connection before the second response: only a retry can tell
         */

        fill->again = 1;

        ngx_queue_insert_head(&fills->waiting[fill->kind], &fill->queue);
        ngx_voyo_fill_waits(fills, 1);

        ngx_post_event(&fills->event, &ngx_posted_events);
        return;
    }

    while (!ngx_queue_empty(&fill->watches)) {

        q = ngx_queue_head(&fill->watches);
        watch = ngx_queue_data(q, ngx_voyo_fill_watch_t, queue);

        ngx_voyo_fill_detach(watch);

        watch->handler(watch, status, fill->connection.answer.retry_after);
    }

    ngx_free(fill);

    ngx_post_event(&fills->event, &ngx_posted_events);
}


ngx_voyo_fills_t *
ngx_voyo_fills_create(ngx_cycle_t *cycle, ngx_url_t *url,
    ngx_shm_zone_t *zone)
{
    ngx_uint_t         i;
    ngx_voyo_fills_t  *fills;

    fills = ngx_pcalloc(cycle->pool, sizeof(ngx_voyo_fills_t));
    if (fills == NULL) {
        return NULL;
    }

    fills->zone = zone;
    fills->address = url->addrs;
    fills->uri = &url->uri;
    fills->log = cycle->log;

    fills->event.handler = ngx_voyo_fill_run;
    fills->event.data = fills;
    fills->event.log = cycle->log;

    ngx_queue_init(&fills->running);

    for (i = 0; i < NGX_VOYO_FILL_KINDS; i++) {
        ngx_queue_init(&fills->waiting[i]);
    }

    return fills;
}
