
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_zone.h"


typedef struct {
    size_t              len;           /* of "data" */
    ngx_queue_t         queue;         /* of sources, by last access */
    struct ngx_voyo_zone_node_s  *node;

    struct {
        time_t          expires;
        time_t          not_before;
        uint16_t        url_len;
        uint16_t        user_agent_len;
    } source[VOYO_FORMATS_MAX];

    u_char              data[1];       /* the URLs and User-Agents */
} ngx_voyo_zone_sources_t;


typedef struct ngx_voyo_zone_node_s {
    ngx_str_node_t            sn;      /* the track */
    ngx_queue_t               queue;   /* of tracks, by last access */
    ngx_voyo_zone_sources_t  *sources;
    uint64_t                  generation;
    ngx_msec_t                accessed;
    ngx_uint_t                count;   /* accesses */
    u_char                    track[VOYO_TRACK_LEN];
    u_char                    nformats;
    voyo_format_t             formats[1];
} ngx_voyo_zone_node_t;


typedef struct {
    ngx_rbtree_t              rbtree;
    ngx_rbtree_node_t         sentinel;
    ngx_queue_t               tracks;
    ngx_queue_t               sources;
    ngx_uint_t                n;
    time_t                    started;
    ngx_uint_t                resolver_seen;
    ngx_atomic_t              parked[NGX_MAX_PROCESSES];
    ngx_atomic_t              counters[NGX_VOYO_COUNTERS];
} ngx_voyo_zone_sh_t;


typedef struct {
    ngx_voyo_zone_sh_t       *sh;
    ngx_slab_pool_t          *shpool;
    ngx_msec_t                inactive;
} ngx_voyo_zone_ctx_t;


static ngx_voyo_zone_node_t *ngx_voyo_zone_lookup(ngx_voyo_zone_ctx_t *ctx,
    ngx_str_t *track);
static void ngx_voyo_zone_touch(ngx_voyo_zone_ctx_t *ctx,
    ngx_voyo_zone_node_t *node);
static ngx_voyo_zone_node_t *ngx_voyo_zone_make(ngx_voyo_zone_ctx_t *ctx,
    const voyo_record_t *record);
static ngx_voyo_zone_sources_t *ngx_voyo_zone_make_sources(
    ngx_voyo_zone_ctx_t *ctx, const voyo_record_t *record);
static void *ngx_voyo_zone_alloc(ngx_voyo_zone_ctx_t *ctx, size_t size);
static void ngx_voyo_zone_drop_sources(ngx_voyo_zone_ctx_t *ctx,
    ngx_voyo_zone_sources_t *sources);
static void ngx_voyo_zone_drop(ngx_voyo_zone_ctx_t *ctx,
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
    identity->nformats = node->nformats;
    ngx_memcpy(identity->formats, node->formats,
               node->nformats * sizeof(voyo_format_t));

    ngx_shmtx_unlock(&ctx->shpool->mutex);

    return NGX_OK;
}


ngx_uint_t
ngx_voyo_zone_known(ngx_shm_zone_t *zone, ngx_str_t *track)
{
    ngx_uint_t            known;
    ngx_voyo_zone_ctx_t  *ctx;

    ctx = zone->data;

    ngx_shmtx_lock(&ctx->shpool->mutex);

    known = ngx_voyo_zone_lookup(ctx, track) != NULL;

    ngx_shmtx_unlock(&ctx->shpool->mutex);

    return known;
}


ngx_int_t
ngx_voyo_zone_source(ngx_shm_zone_t *zone, ngx_str_t *track,
    ngx_str_t *representation, ngx_pool_t *pool, ngx_voyo_source_t *source)
{
    u_char                   *p, buf[VOYO_URL_MAX + VOYO_USER_AGENT_MAX];
    size_t                    len;
    ngx_int_t                 rc;
    ngx_uint_t                i;
    ngx_voyo_zone_ctx_t      *ctx;
    ngx_voyo_zone_node_t     *node;
    ngx_voyo_zone_sources_t  *sources;

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
    rc = NGX_ABORT;

    for (i = 0; i < node->nformats; i++) {
        if (ngx_strlen(node->formats[i].representation) == representation->len
            && ngx_strncmp(node->formats[i].representation,
                           representation->data, representation->len) == 0)
        {
            rc = NGX_DECLINED;
            break;
        }
    }

    sources = node->sources;

    if (rc == NGX_ABORT || sources == NULL) {
        goto done;
    }

    ngx_queue_remove(&sources->queue);
    ngx_queue_insert_head(&ctx->sh->sources, &sources->queue);

    rc = NGX_OK;
    p = sources->data;

    source->codec = node->formats[i].codec;
    source->expires = sources->source[i].expires;
    source->not_before = sources->source[i].not_before;
    source->url.len = sources->source[i].url_len;
    source->user_agent.len = sources->source[i].user_agent_len;

    while (i--) {
        p += sources->source[i].url_len + sources->source[i].user_agent_len;
    }

    /* the pool may have to ask the system for memory, so not under the lock */

    len = source->url.len + source->user_agent.len;
    ngx_memcpy(buf, p, len);

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


ngx_int_t
ngx_voyo_zone_put(ngx_shm_zone_t *zone, const voyo_record_t *record)
{
    ngx_str_t                 track;
    ngx_voyo_zone_ctx_t      *ctx;
    ngx_voyo_zone_node_t     *node, *old;
    ngx_voyo_zone_sources_t  *sources;

    if (record->error != VOYO_CLASS_NONE || record->nformats == 0) {
        return NGX_ERROR;
    }

    ctx = zone->data;

    track.data = (u_char *) record->id;
    track.len = VOYO_TRACK_LEN;

    ngx_shmtx_lock(&ctx->shpool->mutex);

    ngx_voyo_zone_expire(ctx);

    old = ngx_voyo_zone_lookup(ctx, &track);

    if (old
        && (old->generation > (uint64_t) record->generation
            || (old->generation == (uint64_t) record->generation
                && old->sources)))
    {
        ngx_shmtx_unlock(&ctx->shpool->mutex);
        return NGX_OK;
    }

    /* a new node replaces the old one, which eviction may take as well */

    node = ngx_voyo_zone_make(ctx, record);

    if (node == NULL) {
        ngx_shmtx_unlock(&ctx->shpool->mutex);
        return NGX_ERROR;
    }

    old = ngx_voyo_zone_lookup(ctx, &track);

    if (old) {
        node->count = old->count;
        ngx_voyo_zone_drop(ctx, old);
    }

    ngx_rbtree_insert(&ctx->sh->rbtree, &node->sn.node);
    ngx_queue_insert_head(&ctx->sh->tracks, &node->queue);
    ctx->sh->n++;

    sources = ngx_voyo_zone_make_sources(ctx, record);

    /* without its URLs a track can still be played from the cache */

    if (sources) {
        sources->node = node;
        node->sources = sources;
        ngx_queue_insert_head(&ctx->sh->sources, &sources->queue);
    }

    ngx_shmtx_unlock(&ctx->shpool->mutex);

    return sources ? NGX_OK : NGX_ERROR;
}


static ngx_voyo_zone_node_t *
ngx_voyo_zone_lookup(ngx_voyo_zone_ctx_t *ctx, ngx_str_t *track)
{
    ngx_str_node_t  *sn;

    sn = ngx_str_rbtree_lookup(&ctx->sh->rbtree, track,
                               ngx_crc32_short(track->data, track->len));

    return (ngx_voyo_zone_node_t *) sn;
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

    node = ngx_voyo_zone_alloc(ctx, size);
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
    node->accessed = ngx_current_msec;
    node->nformats = (u_char) record->nformats;

    return node;
}


static ngx_voyo_zone_sources_t *
ngx_voyo_zone_make_sources(ngx_voyo_zone_ctx_t *ctx,
    const voyo_record_t *record)
{
    u_char                   *p;
    size_t                    len, url_len[VOYO_FORMATS_MAX],
                              user_agent_len[VOYO_FORMATS_MAX];
    unsigned                  i;
    ngx_voyo_zone_sources_t  *sources;

    len = 0;

    for (i = 0; i < record->nformats; i++) {
        url_len[i] = ngx_strlen(record->sources[i].url);
        user_agent_len[i] = record->sources[i].user_agent
                            ? ngx_strlen(record->sources[i].user_agent) : 0;

        if (url_len[i] > VOYO_URL_MAX
            || user_agent_len[i] > VOYO_USER_AGENT_MAX)
        {
            return NULL;
        }

        len += url_len[i] + user_agent_len[i];
    }

    sources = ngx_voyo_zone_alloc(ctx,
                              offsetof(ngx_voyo_zone_sources_t, data) + len);
    if (sources == NULL) {
        return NULL;
    }

    sources->len = len;
    p = sources->data;

    for (i = 0; i < record->nformats; i++) {
        sources->source[i].expires = record->sources[i].expires;
        sources->source[i].not_before = record->sources[i].not_before;
        sources->source[i].url_len = (uint16_t) url_len[i];
        sources->source[i].user_agent_len = (uint16_t) user_agent_len[i];

        p = ngx_cpymem(p, record->sources[i].url, url_len[i]);

        if (user_agent_len[i]) {
            p = ngx_cpymem(p, record->sources[i].user_agent,
                           user_agent_len[i]);
        }
    }

    return sources;
}


static void *
ngx_voyo_zone_alloc(ngx_voyo_zone_ctx_t *ctx, size_t size)
{
    void                     *p;
    ngx_queue_t              *q;
    ngx_voyo_zone_node_t     *node;
    ngx_voyo_zone_sources_t  *sources;

    /* URLs go first: they can be had again, bytes can be served without */

    for ( ;; ) {

        p = ngx_slab_alloc_locked(ctx->shpool, size);
        if (p) {
            return p;
        }

        /* the most recent entry may be the one that is being made */

        q = ngx_queue_last(&ctx->sh->sources);

        if (q != ngx_queue_sentinel(&ctx->sh->sources)) {
            sources = ngx_queue_data(q, ngx_voyo_zone_sources_t, queue);
            ngx_voyo_zone_drop_sources(ctx, sources);
            continue;
        }

        q = ngx_queue_last(&ctx->sh->tracks);

        if (q == ngx_queue_sentinel(&ctx->sh->tracks)
            || q == ngx_queue_head(&ctx->sh->tracks))
        {
            return NULL;
        }

        node = ngx_queue_data(q, ngx_voyo_zone_node_t, queue);
        ngx_voyo_zone_drop(ctx, node);
    }
}


static void
ngx_voyo_zone_drop_sources(ngx_voyo_zone_ctx_t *ctx,
    ngx_voyo_zone_sources_t *sources)
{
    sources->node->sources = NULL;

    ngx_queue_remove(&sources->queue);
    ngx_slab_free_locked(ctx->shpool, sources);
}


static void
ngx_voyo_zone_drop(ngx_voyo_zone_ctx_t *ctx, ngx_voyo_zone_node_t *node)
{
    if (node->sources) {
        ngx_voyo_zone_drop_sources(ctx, node->sources);
    }

    ngx_queue_remove(&node->queue);
    ngx_rbtree_delete(&ctx->sh->rbtree, &node->sn.node);
    ngx_slab_free_locked(ctx->shpool, node);

    ctx->sh->n--;
}


static void
ngx_voyo_zone_expire(ngx_voyo_zone_ctx_t *ctx)
{
    ngx_uint_t             i;
    ngx_queue_t           *q;
    ngx_voyo_zone_node_t  *node;

    /* two at a time, so that no request pays for many */

    for (i = 0; i < 2; i++) {

        q = ngx_queue_last(&ctx->sh->tracks);

        if (q == ngx_queue_sentinel(&ctx->sh->tracks)) {
            return;
        }

        node = ngx_queue_data(q, ngx_voyo_zone_node_t, queue);

        if ((ngx_msec_int_t) (ngx_current_msec - node->accessed)
            < (ngx_msec_int_t) ctx->inactive)
        {
            return;
        }

        ngx_voyo_zone_drop(ctx, node);
    }
}


void
ngx_voyo_zone_stats(ngx_shm_zone_t *zone, ngx_voyo_zone_stats_t *stats)
{
    ngx_uint_t            i;
    ngx_voyo_zone_ctx_t  *ctx;

    ctx = zone->data;

    ngx_shmtx_lock(&ctx->shpool->mutex);

    stats->size = zone->shm.size;
    stats->used = zone->shm.size - ctx->shpool->pfree * ngx_pagesize;
    stats->tracks = ctx->sh->n;
    stats->started = ctx->sh->started;
    stats->resolver_seen = ctx->sh->resolver_seen;
    stats->parked = 0;

    for (i = 0; i < NGX_MAX_PROCESSES; i++) {
        stats->parked += ctx->sh->parked[i];
    }

    for (i = 0; i < NGX_VOYO_COUNTERS; i++) {
        stats->counters[i] = ctx->sh->counters[i];
    }

    ngx_shmtx_unlock(&ctx->shpool->mutex);
}


void
ngx_voyo_zone_parked(ngx_shm_zone_t *zone, ngx_int_t n)
{
    ngx_voyo_zone_ctx_t  *ctx;

    ctx = zone->data;
    ctx->sh->parked[ngx_process_slot] += n;
}


void
ngx_voyo_zone_worker(ngx_shm_zone_t *zone)
{
    ngx_voyo_zone_ctx_t  *ctx;

    ctx = zone->data;
    ctx->sh->parked[ngx_process_slot] = 0;
}


void
ngx_voyo_zone_resolver_seen(ngx_shm_zone_t *zone)
{
    ngx_voyo_zone_ctx_t  *ctx;

    ctx = zone->data;
    ctx->sh->resolver_seen = 1;
}


void
ngx_voyo_zone_count(ngx_shm_zone_t *zone, ngx_voyo_counter_e counter)
{
    ngx_voyo_zone_ctx_t  *ctx;

    ctx = zone->data;

    (void) ngx_atomic_fetch_add(&ctx->sh->counters[counter], 1);
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
    ctx->sh->started = ngx_time();

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

    /* short memory is ordinary life here: the oldest go */

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
