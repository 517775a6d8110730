
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_zone.h"


#define NGX_VOYO_ZONE_EVICT  8    /* tracks, to store a URL */
#define NGX_VOYO_ZONE_FRESH  5000 /* ms, a renewed URL is not renewed again */


typedef struct ngx_voyo_zone_node_s  ngx_voyo_zone_node_t;


/* The URL of a format: all URLs are evicted before any track is. */

typedef struct {
    ngx_queue_t               queue;   /* of sources, by last access */
    ngx_voyo_zone_node_t     *node;
    ngx_uint_t                format;  /* of node->formats */
    time_t                    expires;
    time_t                    not_before;
    uint16_t                  url_len;
    uint16_t                  user_agent_len;
    u_char                    data[1]; /* URL and User-Agent */
} ngx_voyo_zone_source_t;


struct ngx_voyo_zone_node_s {
    ngx_str_node_t            sn;      /* the track */
    ngx_queue_t               queue;   /* of tracks, by last access */
    ngx_voyo_zone_source_t   *sources[VOYO_FORMATS_MAX];
    uint64_t                  generation;
    ngx_msec_t                accessed;
    ngx_uint_t                count;   /* accesses */
    ngx_msec_t                renewed; /* 0: not, or other bytes */
    uint64_t                  moved;   /* as it was when Redis was asked */
    uint32_t                  egress;  /* of sources and generation */
    u_char                    track[VOYO_TRACK_LEN];
    u_char                    nformats;
    voyo_format_t             formats[1];
};


typedef struct {
    ngx_voyo_counters_t       counters;
    ngx_voyo_failures_t       failures;
    ngx_voyo_takedowns_t      takedowns;
    uint32_t                  egress;  /* of takedowns */
    ngx_rbtree_t              rbtree;
    ngx_rbtree_node_t         sentinel;
    ngx_queue_t               tracks;
    ngx_queue_t               sources;
    ngx_uint_t                n;
    uint64_t                  moved;   /* generation, older URLs may be dead */
} ngx_voyo_zone_sh_t;


typedef struct {
    ngx_voyo_zone_sh_t       *sh;
    ngx_slab_pool_t          *shpool;
    ngx_msec_t                inactive;
    uint32_t                  egress;  /* hash of its name */
} ngx_voyo_zone_ctx_t;


static ngx_voyo_zone_node_t *ngx_voyo_zone_lookup(ngx_voyo_zone_ctx_t *ctx,
    ngx_str_t *track);
static void ngx_voyo_zone_touch(ngx_voyo_zone_ctx_t *ctx,
    ngx_voyo_zone_node_t *node);
static ngx_voyo_zone_node_t *ngx_voyo_zone_make(ngx_voyo_zone_ctx_t *ctx,
    const voyo_record_t *record);
static ngx_int_t ngx_voyo_zone_set_sources(ngx_voyo_zone_ctx_t *ctx,
    ngx_voyo_zone_node_t *node, const voyo_record_t *record);
static ngx_int_t ngx_voyo_zone_set_source(ngx_voyo_zone_ctx_t *ctx,
    ngx_voyo_zone_node_t *node, ngx_uint_t format,
    const ngx_voyo_source_t *source);
static void *ngx_voyo_zone_alloc(ngx_voyo_zone_ctx_t *ctx, size_t size,
    ngx_uint_t tracks);
static void ngx_voyo_zone_drop_source(ngx_voyo_zone_ctx_t *ctx,
    ngx_voyo_zone_source_t *source);
static void ngx_voyo_zone_drop_sources(ngx_voyo_zone_ctx_t *ctx,
    ngx_voyo_zone_node_t *node);
static void ngx_voyo_zone_drop(ngx_voyo_zone_ctx_t *ctx,
    ngx_voyo_zone_node_t *node);
static ngx_uint_t ngx_voyo_zone_old(ngx_voyo_zone_ctx_t *ctx,
    ngx_voyo_zone_node_t *node);
static void ngx_voyo_zone_expire(ngx_voyo_zone_ctx_t *ctx);
static ngx_int_t ngx_voyo_zone_init(ngx_shm_zone_t *zone, void *data);


ngx_int_t
ngx_voyo_zone_get(ngx_shm_zone_t *zone, ngx_str_t *track,
    ngx_voyo_identity_t *identity)
{
    ngx_voyo_zone_ctx_t   *ctx;
    ngx_voyo_zone_node_t  *node;

    ctx = zone->data;

    ngx_shmtx_lock(&ctx->shpool->mutex);

    ngx_voyo_zone_expire(ctx);

    node = ngx_voyo_zone_lookup(ctx, track);

    if (node == NULL) {
        ngx_shmtx_unlock(&ctx->shpool->mutex);
        return NGX_DECLINED;
    }

    ngx_voyo_zone_touch(ctx, node);
    node->count++;

    identity->generation = node->generation;
    identity->takedowns = ctx->sh->takedowns.n;
    identity->accesses = node->count;
    identity->nformats = node->nformats;
    ngx_memcpy(identity->formats, node->formats,
               node->nformats * sizeof(voyo_format_t));

    ngx_shmtx_unlock(&ctx->shpool->mutex);

    return NGX_OK;
}


uint64_t
ngx_voyo_zone_generation(ngx_shm_zone_t *zone, ngx_str_t *track)
{
    uint64_t               generation;
    ngx_voyo_zone_ctx_t   *ctx;
    ngx_voyo_zone_node_t  *node;

    ctx = zone->data;

    ngx_shmtx_lock(&ctx->shpool->mutex);

    node = ngx_voyo_zone_lookup(ctx, track);
    generation = node ? node->generation : 0;

    ngx_shmtx_unlock(&ctx->shpool->mutex);

    return generation;
}


ngx_int_t
ngx_voyo_zone_source(ngx_shm_zone_t *zone, ngx_str_t *track,
    ngx_str_t *representation, ngx_pool_t *pool, ngx_voyo_source_t *source)
{
    u_char                  *p, buf[VOYO_URL_MAX + VOYO_USER_AGENT_MAX];
    size_t                   len;
    int                      i;
    ngx_int_t                rc;
    ngx_voyo_zone_ctx_t     *ctx;
    ngx_voyo_zone_node_t    *node;
    ngx_voyo_zone_source_t  *stored;

    ctx = zone->data;
    len = 0;
    rc = NGX_DECLINED;

    ngx_memzero(source, sizeof(ngx_voyo_source_t));

    ngx_shmtx_lock(&ctx->shpool->mutex);

    node = ngx_voyo_zone_lookup(ctx, track);

    if (node == NULL) {
        goto done;
    }

    ngx_voyo_zone_touch(ctx, node);

    source->generation = node->generation;

    i = voyo_format_find(node->formats, node->nformats,
                         (char *) representation->data, representation->len);
    if (i < 0) {
        rc = NGX_ABORT;
        goto done;
    }

    /* whether the address has changed, Redis knows: it marks the record */

    if (node->generation < ctx->sh->moved && node->moved != ctx->sh->moved) {
        ngx_voyo_zone_drop_sources(ctx, node);
    }

    stored = node->sources[i];

    if (stored == NULL) {
        goto done;
    }

    ngx_queue_remove(&stored->queue);
    ngx_queue_insert_head(&ctx->sh->sources, &stored->queue);

    rc = NGX_OK;

    source->codec = node->formats[i].codec;
    source->expires = stored->expires;
    source->not_before = stored->not_before;
    source->fresh = (node->renewed
                     && ngx_current_msec - node->renewed
                        < NGX_VOYO_ZONE_FRESH);
    source->url.len = stored->url_len;
    source->user_agent.len = stored->user_agent_len;

    /* not under the lock, since the pool may allocate memory */

    len = source->url.len + source->user_agent.len;
    ngx_memcpy(buf, stored->data, len);

done:

    ngx_shmtx_unlock(&ctx->shpool->mutex);

    if (rc != NGX_OK) {
        return rc;
    }

    p = ngx_pnalloc(pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, buf, len);

    source->url.data = p;
    source->user_agent.data = p + source->url.len;

    return NGX_OK;
}


void
ngx_voyo_zone_moved(ngx_shm_zone_t *zone, uint64_t generation)
{
    ngx_voyo_zone_ctx_t  *ctx;

    ctx = zone->data;

    ngx_shmtx_lock(&ctx->shpool->mutex);

    ctx->sh->moved = generation;

    ngx_shmtx_unlock(&ctx->shpool->mutex);
}


ngx_int_t
ngx_voyo_zone_take(ngx_shm_zone_t *zone, const u_char *track, uint64_t time)
{
    ngx_int_t                    rc;
    ngx_str_t                    name;
    ngx_voyo_zone_ctx_t         *ctx;
    ngx_voyo_zone_node_t        *node;
    ngx_voyo_takedowns_t        *takedowns;
    ngx_voyo_takedowns_chunk_t  *chunk;

    ctx = zone->data;
    takedowns = &ctx->sh->takedowns;
    rc = NGX_OK;

    ngx_shmtx_lock(&ctx->shpool->mutex);

    if (time <= takedowns->last) {
        goto done;
    }

    if (ngx_voyo_takedowns_full(takedowns)) {

        chunk = ngx_voyo_zone_alloc(ctx, sizeof(ngx_voyo_takedowns_chunk_t),
                                    NGX_MAX_INT32_VALUE);
        if (chunk == NULL) {
            rc = NGX_ERROR;
            goto done;
        }

        ngx_voyo_takedowns_grow(takedowns, chunk);
    }

    ngx_voyo_takedowns_add(takedowns, track, time);

    name.data = (u_char *) track;
    name.len = VOYO_TRACK_LEN;

    node = ngx_voyo_zone_lookup(ctx, &name);

    if (node) {
        ngx_voyo_zone_drop(ctx, node);
    }

    ctx->sh->counters.takedowns = takedowns->n;

done:

    ngx_shmtx_unlock(&ctx->shpool->mutex);

    return rc;
}


uint64_t
ngx_voyo_zone_taken(ngx_shm_zone_t *zone)
{
    uint64_t              last;
    ngx_voyo_zone_ctx_t  *ctx;

    ctx = zone->data;

    ngx_shmtx_lock(&ctx->shpool->mutex);

    /* after a reload, the log may be another one */

    if (ctx->sh->egress != ctx->egress) {
        ctx->sh->egress = ctx->egress;
        ctx->sh->takedowns.last = 0;
    }

    last = ctx->sh->takedowns.last;

    ngx_shmtx_unlock(&ctx->shpool->mutex);

    return last;
}


ngx_uint_t
ngx_voyo_zone_look(ngx_shm_zone_t *zone, const u_char *track,
    uint64_t generation, ngx_uint_t *seen)
{
    ngx_uint_t            taken;
    ngx_voyo_zone_ctx_t  *ctx;

    ctx = zone->data;

    ngx_shmtx_lock(&ctx->shpool->mutex);

    taken = ngx_voyo_takedowns_find(&ctx->sh->takedowns, track, generation,
                                    *seen);

    if (!taken) {
        *seen = ctx->sh->takedowns.n;
    }

    ngx_shmtx_unlock(&ctx->shpool->mutex);

    return taken;
}


void
ngx_voyo_zone_found(ngx_shm_zone_t *zone, ngx_str_t *track,
    ngx_str_t *representation, const ngx_voyo_source_t *source)
{
    int                    i;
    ngx_voyo_zone_ctx_t   *ctx;
    ngx_voyo_zone_node_t  *node;

    ctx = zone->data;

    ngx_shmtx_lock(&ctx->shpool->mutex);

    node = ngx_voyo_zone_lookup(ctx, track);

    if (node && node->generation == source->generation) {

        /* so that this track is not evicted to make room */

        ngx_voyo_zone_touch(ctx, node);

        i = voyo_format_find(node->formats, node->nformats,
                             (char *) representation->data,
                             representation->len);
        if (i >= 0) {
            node->moved = ctx->sh->moved;
            (void) ngx_voyo_zone_set_source(ctx, node, i, source);
        }
    }

    ngx_shmtx_unlock(&ctx->shpool->mutex);
}


ngx_int_t
ngx_voyo_zone_put(ngx_shm_zone_t *zone, const voyo_record_t *record)
{
    ngx_int_t              rc;
    ngx_str_t              track;
    ngx_voyo_zone_ctx_t   *ctx;
    ngx_voyo_zone_node_t  *node, *old;

    if (record->error != VOYO_CLASS_NONE || record->nformats == 0) {
        return NGX_ERROR;
    }

    ctx = zone->data;

    track.data = (u_char *) record->id;
    track.len = VOYO_TRACK_LEN;

    ngx_shmtx_lock(&ctx->shpool->mutex);

    ngx_voyo_zone_expire(ctx);

    node = ngx_voyo_zone_lookup(ctx, &track);

    if (node && node->generation > (uint64_t) record->generation) {
        ngx_shmtx_unlock(&ctx->shpool->mutex);
        return NGX_OK;
    }

    if (ngx_voyo_takedowns_find(&ctx->sh->takedowns, track.data,
                                record->generation, 0))
    {
        ngx_shmtx_unlock(&ctx->shpool->mutex);
        return NGX_DECLINED;
    }

    if (node == NULL || node->generation < (uint64_t) record->generation) {

        node = ngx_voyo_zone_make(ctx, record);

        if (node == NULL) {
            ngx_shmtx_unlock(&ctx->shpool->mutex);
            return NGX_ERROR;
        }

        /* the old one may have been evicted for it */

        old = ngx_voyo_zone_lookup(ctx, &track);

        if (old) {
            node->count = old->count;

            if (ngx_strcmp(node->formats[0].representation,
                           old->formats[0].representation)
                == 0)
            {
                node->renewed = ngx_current_msec;
            }

            ngx_voyo_zone_drop(ctx, old);
        }

        ngx_rbtree_insert(&ctx->sh->rbtree, &node->sn.node);
        ngx_queue_insert_head(&ctx->sh->tracks, &node->queue);
        ctx->sh->n++;

    } else {
        ngx_voyo_zone_touch(ctx, node);
    }

    node->moved = ctx->sh->moved;

    /* without its URLs a track can still be played from the cache */

    rc = ngx_voyo_zone_set_sources(ctx, node, record);

    ngx_shmtx_unlock(&ctx->shpool->mutex);

    return rc;
}


static ngx_voyo_zone_node_t *
ngx_voyo_zone_lookup(ngx_voyo_zone_ctx_t *ctx, ngx_str_t *track)
{
    ngx_str_node_t        *sn;
    ngx_voyo_zone_node_t  *node;

    sn = ngx_str_rbtree_lookup(&ctx->sh->rbtree, track,
                               ngx_crc32_short(track->data, track->len));

    node = (ngx_voyo_zone_node_t *) sn;

    /* it has expired, but was not removed yet */

    if (node && ngx_voyo_zone_old(ctx, node)) {
        ngx_voyo_zone_drop(ctx, node);
        return NULL;
    }

    /* after a reload its URLs may be bound to another address */

    if (node && node->egress != ctx->egress) {
        ngx_voyo_zone_drop_sources(ctx, node);

        node->generation = 0;
        node->egress = ctx->egress;
    }

    return node;
}


static void
ngx_voyo_zone_touch(ngx_voyo_zone_ctx_t *ctx, ngx_voyo_zone_node_t *node)
{
    node->accessed = ngx_current_msec;

    ngx_queue_remove(&node->queue);
    ngx_queue_insert_head(&ctx->sh->tracks, &node->queue);
}


static ngx_voyo_zone_node_t *
ngx_voyo_zone_make(ngx_voyo_zone_ctx_t *ctx, const voyo_record_t *record)
{
    size_t                 size;
    ngx_voyo_zone_node_t  *node;

    size = offsetof(ngx_voyo_zone_node_t, formats)
           + record->nformats * sizeof(voyo_format_t);

    node = ngx_voyo_zone_alloc(ctx, size, NGX_MAX_INT32_VALUE);
    if (node == NULL) {
        return NULL;
    }

    ngx_memzero(node, size);

    ngx_memcpy(node->track, record->id, VOYO_TRACK_LEN);
    ngx_memcpy(node->formats, record->formats,
               record->nformats * sizeof(voyo_format_t));

    node->sn.str.data = node->track;
    node->sn.str.len = VOYO_TRACK_LEN;
    node->sn.node.key = ngx_crc32_short(node->track, VOYO_TRACK_LEN);

    node->generation = record->generation;
    node->egress = ctx->egress;
    node->accessed = ngx_current_msec;
    node->nformats = (u_char) record->nformats;

    return node;
}


static ngx_int_t
ngx_voyo_zone_set_sources(ngx_voyo_zone_ctx_t *ctx,
    ngx_voyo_zone_node_t *node, const voyo_record_t *record)
{
    ngx_uint_t         i;
    ngx_voyo_source_t  source;

    for (i = 0; i < node->nformats; i++) {

        if (node->sources[i]) {
            continue;
        }

        ngx_voyo_zone_source_of(&source, record, i);

        if (ngx_voyo_zone_set_source(ctx, node, i, &source) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_voyo_zone_set_source(ngx_voyo_zone_ctx_t *ctx,
    ngx_voyo_zone_node_t *node, ngx_uint_t format,
    const ngx_voyo_source_t *source)
{
    size_t                   len;
    u_char                  *p;
    ngx_voyo_zone_source_t  *stored;

    if (source->url.len > VOYO_URL_MAX
        || source->user_agent.len > VOYO_USER_AGENT_MAX)
    {
        return NGX_ERROR;
    }

    len = source->url.len + source->user_agent.len;

    stored = ngx_voyo_zone_alloc(ctx,
                              offsetof(ngx_voyo_zone_source_t, data) + len,
                              NGX_VOYO_ZONE_EVICT);
    if (stored == NULL) {
        return NGX_ERROR;
    }

    stored->node = node;
    stored->format = format;
    stored->expires = source->expires;
    stored->not_before = source->not_before;
    stored->url_len = (uint16_t) source->url.len;
    stored->user_agent_len = (uint16_t) source->user_agent.len;

    p = ngx_cpymem(stored->data, source->url.data, source->url.len);
    ngx_memcpy(p, source->user_agent.data, source->user_agent.len);

    if (node->sources[format]) {
        ngx_voyo_zone_drop_source(ctx, node->sources[format]);
    }

    node->sources[format] = stored;
    ngx_queue_insert_head(&ctx->sh->sources, &stored->queue);

    return NGX_OK;
}


void
ngx_voyo_zone_source_of(ngx_voyo_source_t *source,
    const voyo_record_t *record, ngx_uint_t format)
{
    const voyo_source_t  *from;

    from = &record->sources[format];

    source->generation = record->generation;
    source->codec = record->formats[format].codec;
    source->url.data = (u_char *) from->url;
    source->url.len = ngx_strlen(from->url);
    source->user_agent.data = (u_char *) (from->user_agent ? from->user_agent
                                                           : "");
    source->user_agent.len = ngx_strlen(source->user_agent.data);
    source->expires = from->expires;
    source->not_before = from->not_before;
}


/*
 * Evicts as much as necessary: first URLs, which can be obtained again, and
 * then at most "tracks" tracks, but not the one that was accessed last.
 */

static void *
ngx_voyo_zone_alloc(ngx_voyo_zone_ctx_t *ctx, size_t size, ngx_uint_t tracks)
{
    void                    *p;
    ngx_queue_t             *q;
    ngx_voyo_zone_node_t    *node;
    ngx_voyo_zone_source_t  *source;

    for ( ;; ) {

        p = ngx_slab_alloc_locked(ctx->shpool, size);
        if (p) {
            return p;
        }

        q = ngx_queue_last(&ctx->sh->sources);

        if (q != ngx_queue_sentinel(&ctx->sh->sources)) {
            source = ngx_queue_data(q, ngx_voyo_zone_source_t, queue);
            ngx_voyo_zone_drop_source(ctx, source);
            ctx->sh->counters.counts[NGX_VOYO_EVICTED]++;
            continue;
        }

        q = ngx_queue_last(&ctx->sh->tracks);

        if (tracks == 0
            || q == ngx_queue_sentinel(&ctx->sh->tracks)
            || q == ngx_queue_head(&ctx->sh->tracks))
        {
            return NULL;
        }

        node = ngx_queue_data(q, ngx_voyo_zone_node_t, queue);
        ngx_voyo_zone_drop(ctx, node);
        ctx->sh->counters.counts[NGX_VOYO_EVICTED]++;
        tracks--;
    }
}


static void
ngx_voyo_zone_drop_source(ngx_voyo_zone_ctx_t *ctx,
    ngx_voyo_zone_source_t *source)
{
    source->node->sources[source->format] = NULL;

    ngx_queue_remove(&source->queue);
    ngx_slab_free_locked(ctx->shpool, source);
}


static void
ngx_voyo_zone_drop_sources(ngx_voyo_zone_ctx_t *ctx,
    ngx_voyo_zone_node_t *node)
{
    ngx_uint_t  i;

    for (i = 0; i < node->nformats; i++) {
        if (node->sources[i]) {
            ngx_voyo_zone_drop_source(ctx, node->sources[i]);
        }
    }
}


static void
ngx_voyo_zone_drop(ngx_voyo_zone_ctx_t *ctx, ngx_voyo_zone_node_t *node)
{
    ngx_voyo_zone_drop_sources(ctx, node);

    ngx_queue_remove(&node->queue);
    ngx_rbtree_delete(&ctx->sh->rbtree, &node->sn.node);
    ngx_slab_free_locked(ctx->shpool, node);

    ctx->sh->n--;
}


static ngx_uint_t
ngx_voyo_zone_old(ngx_voyo_zone_ctx_t *ctx, ngx_voyo_zone_node_t *node)
{
    return (ngx_msec_int_t) (ngx_current_msec - node->accessed)
           >= (ngx_msec_int_t) ctx->inactive;
}


static void
ngx_voyo_zone_expire(ngx_voyo_zone_ctx_t *ctx)
{
    ngx_uint_t             i;
    ngx_queue_t           *q;
    ngx_voyo_zone_node_t  *node;

    /* only two at a time, so that no request takes long */

    for (i = 0; i < 2; i++) {

        q = ngx_queue_last(&ctx->sh->tracks);

        if (q == ngx_queue_sentinel(&ctx->sh->tracks)) {
            return;
        }

        node = ngx_queue_data(q, ngx_voyo_zone_node_t, queue);

        if (!ngx_voyo_zone_old(ctx, node)) {
            return;
        }

        ngx_voyo_zone_drop(ctx, node);
    }
}


ngx_voyo_failures_t *
ngx_voyo_zone_failures(ngx_shm_zone_t *zone)
{
    return &((ngx_voyo_zone_ctx_t *) zone->data)->sh->failures;
}


ngx_voyo_takedowns_t *
ngx_voyo_zone_takedowns(ngx_shm_zone_t *zone)
{
    return &((ngx_voyo_zone_ctx_t *) zone->data)->sh->takedowns;
}


void
ngx_voyo_zone_stats(ngx_shm_zone_t *zone, ngx_voyo_zone_stats_t *stats)
{
    ngx_voyo_zone_ctx_t  *ctx;

    ctx = zone->data;

    ngx_shmtx_lock(&ctx->shpool->mutex);

    stats->size = zone->shm.size;
    stats->used = zone->shm.size - ctx->shpool->pfree * ngx_pagesize;
    stats->tracks = ctx->sh->n;

    ngx_shmtx_unlock(&ctx->shpool->mutex);
}


static ngx_int_t
ngx_voyo_zone_init(ngx_shm_zone_t *zone, void *data)
{
    size_t                len;
    ngx_voyo_zone_ctx_t  *octx = data;
    ngx_voyo_zone_ctx_t  *ctx;

    ctx = zone->data;

    if (octx) {
        ctx->sh = octx->sh;
        ctx->shpool = octx->shpool;

        /* the proxy may be a trusted one now */

        ctx->sh->counters.front = 0;

        return NGX_OK;
    }

    ctx->shpool = (ngx_slab_pool_t *) zone->shm.addr;

    if (zone->shm.exists) {
        ctx->sh = ctx->shpool->data;

        return NGX_OK;
    }

    ctx->sh = ngx_slab_calloc(ctx->shpool, sizeof(ngx_voyo_zone_sh_t));
    if (ctx->sh == NULL) {
        return NGX_ERROR;
    }

    ctx->shpool->data = ctx->sh;
    ctx->sh->counters.started = ngx_time();
    ctx->sh->failures.mutex = &ctx->shpool->mutex;
    ctx->sh->egress = ctx->egress;

    ngx_voyo_takedowns_init(&ctx->sh->takedowns, &ctx->shpool->mutex,
                            zone->shm.size);

    ngx_rbtree_init(&ctx->sh->rbtree, &ctx->sh->sentinel,
                    ngx_str_rbtree_insert_value);

    ngx_queue_init(&ctx->sh->tracks);
    ngx_queue_init(&ctx->sh->sources);

    len = sizeof(" in voyo_zone \"\"") + zone->shm.name.len;

    ctx->shpool->log_ctx = ngx_slab_alloc(ctx->shpool, len);
    if (ctx->shpool->log_ctx == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(ctx->shpool->log_ctx, " in voyo_zone \"%V\"%Z",
                &zone->shm.name);

    /* lack of memory is normal here: the oldest are evicted */

    ctx->shpool->log_nomem = 0;

    return NGX_OK;
}


ngx_shm_zone_t *
ngx_voyo_zone_create(ngx_conf_t *cf, ngx_str_t *name, size_t size,
    ngx_msec_t inactive, void *tag)
{
    ngx_shm_zone_t       *zone;
    ngx_voyo_zone_ctx_t  *ctx;

    ctx = ngx_pcalloc(cf->pool, sizeof(ngx_voyo_zone_ctx_t));
    if (ctx == NULL) {
        return NULL;
    }

    ctx->inactive = inactive;

    zone = ngx_shared_memory_add(cf, name, size, tag);
    if (zone == NULL) {
        return NULL;
    }

    if (zone->data) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate zone \"%V\"", name);
        return NULL;
    }

    zone->init = ngx_voyo_zone_init;
    zone->data = ctx;

    return zone;
}


void
ngx_voyo_zone_set_egress(ngx_shm_zone_t *zone, ngx_str_t *egress)
{
    ngx_voyo_zone_ctx_t  *ctx;

    ctx = zone->data;
    ctx->egress = ngx_crc32_short(egress->data, egress->len);
}
