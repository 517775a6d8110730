
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_module.h"
#include "ngx_voyo_range.h"
#include "ngx_voyo_cached.h"

#include <ngx_md5.h>

#include <sys/ioctl.h>
#include <linux/sockios.h>


#define NGX_VOYO_SLICE_LOOK   10        /* ms between looks at those waiting */
#define NGX_VOYO_SLICE_SEEN   1024      /* slices remembered */
#define NGX_VOYO_SLICE_FRESH  5000      /* ms that one is taken to be there */


/* A slice that was in the cache: not each listener has to look for it. */

typedef struct {
    ngx_uint_t            hash;          /* of its representation and size */
    off_t                 start;
    ngx_msec_t            time;
} ngx_voyo_seen_t;


struct ngx_voyo_slices_s {
    ngx_queue_t           fresh;         /* lookups since the last event */
    ngx_queue_t           waiting;       /* for others to fetch their slice */
    ngx_event_t           event;         /* looks at the fresh ones */
    ngx_event_t           timer;         /* and at the waiting ones */
    ngx_voyo_seen_t       seen[NGX_VOYO_SLICE_SEEN];
};


/* A slice's place in a track, as its cache key ends: "bytes=0-524287". */

typedef struct {
    ngx_str_t             name;          /* of the track's part of the key */
    off_t                 start;
    off_t                 size;          /* of all slices but the last */
} ngx_voyo_place_t;


static void ngx_voyo_slice_look(ngx_event_t *ev);
static void ngx_voyo_slice_wake(ngx_event_t *ev);
static void ngx_voyo_slice_ahead(ngx_http_request_t *r);
static ngx_int_t ngx_voyo_slice_place(ngx_http_cache_t *c,
    ngx_voyo_place_t *place);
static ngx_uint_t ngx_voyo_slice_taken(ngx_connection_t *c, off_t size);
static ngx_uint_t ngx_voyo_slice_there(ngx_http_request_t *r,
    ngx_voyo_ctx_t *ctx, ngx_voyo_place_t *place, off_t start);


void
ngx_voyo_follow(ngx_voyo_slices_t *slices, ngx_voyo_follow_t *lookup,
    ngx_http_request_t *r)
{
    ngx_voyo_follow_leave(lookup);

    lookup->request = r;

    ngx_queue_insert_tail(&slices->fresh, &lookup->queue);

    ngx_post_event(&slices->event, &ngx_posted_events);
}


void
ngx_voyo_follow_leave(ngx_voyo_follow_t *lookup)
{
    if (lookup->request) {
        lookup->request = NULL;
        ngx_queue_remove(&lookup->queue);
    }
}


static void
ngx_voyo_slice_look(ngx_event_t *ev)
{
    ngx_queue_t         *q;
    ngx_voyo_follow_t   *lookup;
    ngx_voyo_slices_t   *slices;
    ngx_http_request_t  *r;

    slices = ev->data;

    while (!ngx_queue_empty(&slices->fresh)) {

        q = ngx_queue_head(&slices->fresh);
        lookup = ngx_queue_data(q, ngx_voyo_follow_t, queue);

        r = lookup->request;

        ngx_voyo_follow_leave(lookup);

        if (r->cache == NULL) {
            continue;
        }

        ngx_voyo_slice_ahead(r);

        if (!r->cache->waiting) {
            continue;
        }

        lookup->request = r;
        ngx_queue_insert_tail(&slices->waiting, q);

        if (!slices->timer.timer_set) {
            ngx_add_timer(&slices->timer, NGX_VOYO_SLICE_LOOK);
        }
    }
}


/*
 * nginx looks every 500 ms whether a slice that somebody else fetches is there
 * (docs/upstream.md, N3, N25): it is made to look when it is.
 */

static void
ngx_voyo_slice_wake(ngx_event_t *ev)
{
    ngx_queue_t        *q, *next;
    ngx_http_cache_t   *c;
    ngx_voyo_follow_t  *lookup;
    ngx_voyo_slices_t  *slices;

    slices = ev->data;

    for (q = ngx_queue_head(&slices->waiting);
         q != ngx_queue_sentinel(&slices->waiting);
         q = next)
    {
        next = ngx_queue_next(q);
        lookup = ngx_queue_data(q, ngx_voyo_follow_t, queue);

        c = lookup->request->cache;

        if (c == NULL || !c->waiting) {
            ngx_voyo_follow_leave(lookup);
            continue;
        }

        /* without the lock: nginx looks again with it, and may wait on */

        if (!c->node->updating && c->wait_event.timer_set) {
            ngx_del_timer(&c->wait_event);
            ngx_add_timer(&c->wait_event, 0);
        }
    }

    if (!ngx_queue_empty(&slices->waiting)) {
        ngx_add_timer(ev, NGX_VOYO_SLICE_LOOK);
    }
}


static void
ngx_voyo_slice_ahead(ngx_http_request_t *r)
{
    off_t                     start;
    ngx_uint_t                n;
    ngx_voyo_ctx_t           *ctx;
    ngx_voyo_place_t          place;
    ngx_voyo_loc_conf_t      *vlcf;
    ngx_voyo_main_conf_t     *vmcf;
    ngx_voyo_fill_request_t   request;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);
    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    ctx = ngx_voyo_ctx_get(r);

    if (ctx == NULL || ctx->looked > ctx->last
        || vlcf->ahead == 0 || vlcf->fill || vmcf->fills == NULL
        || ngx_voyo_slice_place(r->cache, &place) != NGX_OK)
    {
        return;
    }

    start = place.start + place.size;

    if (start > ctx->last) {
        return;
    }

    request.track = ctx->track.data;
    request.quality = ctx->quality;
    request.codec = ctx->codec;
    request.representation = &ctx->representation;
    request.client = NULL;
    request.owner = r->connection;

    if (!ctx->taken) {
        ctx->taken = ngx_voyo_slice_taken(r->connection, place.size);
    }

    /*
     * One slice ahead of a listener who has not taken one yet: who stops after
     * a few seconds costs little (docs/upstream.md, N10).
     */

    n = ctx->taken ? vlcf->ahead : 1;

    for ( /* void */ ; n && start <= ctx->last; n--, start += place.size) {

        if (start < ctx->looked) {

            /* when the slice before was looked up */

            continue;
        }

        if (!ngx_voyo_slice_there(r, ctx, &place, start)) {

            request.offset = start;

            if (ngx_voyo_fill_add(vmcf->fills, &request, NULL) != NGX_OK) {
                return;
            }

            ctx->ahead = 1;
        }

        ctx->looked = start + place.size;
    }
}


static ngx_int_t
ngx_voyo_slice_place(ngx_http_cache_t *c, ngx_voyo_place_t *place)
{
    off_t       last;
    u_char     *p, *end;
    ngx_str_t  *key, range;

    if (c->keys.nelts != 1 || c->file_cache == NULL) {
        return NGX_DECLINED;
    }

    key = c->keys.elts;
    end = key->data + key->len;

    for (p = end; p > key->data && p[-1] != '='; p--) { /* void */ }

    if (p - key->data < (ssize_t) sizeof("bytes=") - 1) {
        return NGX_DECLINED;
    }

    range.data = p - (sizeof("bytes=") - 1);
    range.len = end - range.data;

    if (ngx_voyo_range_parse(&range, NGX_MAX_OFF_T_VALUE, &place->start, &last)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    place->name.data = key->data;
    place->name.len = p - key->data;
    place->size = last - place->start + 1;

    return NGX_OK;
}


/* Whether a client has taken a slice's size, and not only its socket. */

static ngx_uint_t
ngx_voyo_slice_taken(ngx_connection_t *c, off_t size)
{
    int  unsent;

    return c->sent >= size
           && ioctl(c->fd, SIOCOUTQ, &unsent) != -1
           && c->sent - unsent >= size;
}


/* Whether a slice is in the cache, or on its way there. */

static ngx_uint_t
ngx_voyo_slice_there(ngx_http_request_t *r, ngx_voyo_ctx_t *ctx,
    ngx_voyo_place_t *place, off_t start)
{
    u_char                 text[sizeof("-") + 2 * NGX_OFF_T_LEN], *last;
    u_char                 key[NGX_HTTP_CACHE_KEY_LEN];
    ngx_int_t              rc;
    ngx_md5_t              md5;
    ngx_voyo_seen_t       *seen;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);

    if (ctx->hash == 0) {
        ctx->hash = ngx_murmur_hash2(ctx->representation.data,
                                     ctx->representation.len)
                    ^ (ngx_uint_t) place->size;
    }

    seen = &vmcf->slices->seen[(ctx->hash + start / place->size)
                               % NGX_VOYO_SLICE_SEEN];

    if (seen->hash == ctx->hash && seen->start == start
        && ngx_current_msec - seen->time < NGX_VOYO_SLICE_FRESH)
    {
        return 1;
    }

    last = ngx_sprintf(text, "%O-%O", start, start + place->size - 1);

    ngx_md5_init(&md5);
    ngx_md5_update(&md5, place->name.data, place->name.len);
    ngx_md5_update(&md5, text, last - text);
    ngx_md5_final(key, &md5);

    rc = ngx_voyo_cached(r->cache->file_cache, key);

    if (rc == NGX_OK) {
        seen->hash = ctx->hash;
        seen->start = start;
        seen->time = ngx_current_msec;
    }

    return rc != NGX_DECLINED;
}


ngx_voyo_slices_t *
ngx_voyo_slices_create(ngx_cycle_t *cycle)
{
    ngx_voyo_slices_t  *slices;

    slices = ngx_pcalloc(cycle->pool, sizeof(ngx_voyo_slices_t));
    if (slices == NULL) {
        return NULL;
    }

    ngx_queue_init(&slices->fresh);
    ngx_queue_init(&slices->waiting);

    slices->event.handler = ngx_voyo_slice_look;
    slices->event.data = slices;
    slices->event.log = cycle->log;

    slices->timer.handler = ngx_voyo_slice_wake;
    slices->timer.data = slices;
    slices->timer.log = cycle->log;
    slices->timer.cancelable = 1;

    return slices;
}
