
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_takedowns.h"


#define NGX_VOYO_TAKEDOWNS_KEPT  2592000000   /* ms */


void
ngx_voyo_takedowns_init(ngx_voyo_takedowns_t *takedowns, ngx_shmtx_t *mutex,
    size_t size)
{
    takedowns->mutex = mutex;
    takedowns->max = ngx_min(size / 8 / sizeof(ngx_voyo_takedowns_chunk_t),
                             NGX_VOYO_TAKEDOWNS_CHUNKS);
    ngx_queue_init(&takedowns->chunks);
}


ngx_uint_t
ngx_voyo_takedowns_full(ngx_voyo_takedowns_t *takedowns)
{
    ngx_queue_t                 *q;
    ngx_voyo_takedowns_chunk_t  *chunk;

    if (takedowns->n % NGX_VOYO_TAKEDOWNS || takedowns->nchunks == 0) {
        return takedowns->nchunks == 0;
    }

    q = ngx_queue_head(&takedowns->chunks);
    chunk = ngx_queue_data(q, ngx_voyo_takedowns_chunk_t, queue);

    if (takedowns->nchunks < takedowns->max
        && chunk->list[NGX_VOYO_TAKEDOWNS - 1].time
           + NGX_VOYO_TAKEDOWNS_KEPT > takedowns->last)
    {
        return 1;
    }

    ngx_queue_remove(q);
    takedowns->nchunks--;
    ngx_voyo_takedowns_grow(takedowns, chunk);

    return 0;
}


void
ngx_voyo_takedowns_grow(ngx_voyo_takedowns_t *takedowns,
    ngx_voyo_takedowns_chunk_t *chunk)
{
    chunk->n = 0;
    ngx_queue_insert_tail(&takedowns->chunks, &chunk->queue);
    takedowns->nchunks++;
}


void
ngx_voyo_takedowns_add(ngx_voyo_takedowns_t *takedowns, const u_char *track,
    uint64_t time)
{
    ngx_voyo_takedown_t         *takedown;
    ngx_voyo_takedowns_chunk_t  *chunk;

    chunk = ngx_queue_data(ngx_queue_last(&takedowns->chunks),
                           ngx_voyo_takedowns_chunk_t, queue);

    takedown = &chunk->list[chunk->n++];

    takedown->time = time;
    takedown->added = (uint32_t) ngx_time();
    ngx_memcpy(takedown->track, track, VOYO_TRACK_LEN);

    takedowns->last = time;
    takedowns->n++;
}


ngx_uint_t
ngx_voyo_takedowns_find(ngx_voyo_takedowns_t *takedowns, const u_char *track,
    uint64_t generation, ngx_uint_t seen)
{
    ngx_uint_t                   i, left;
    ngx_queue_t                 *q;
    ngx_voyo_takedowns_chunk_t  *chunk;

    left = takedowns->n - seen;

    for (q = ngx_queue_last(&takedowns->chunks);
         q != ngx_queue_sentinel(&takedowns->chunks);
         q = ngx_queue_prev(q))
    {
        chunk = ngx_queue_data(q, ngx_voyo_takedowns_chunk_t, queue);

        for (i = chunk->n; i-- > 0; left--) {

            if (left == 0 || chunk->list[i].time < generation) {
                return 0;
            }

            if (ngx_memcmp(chunk->list[i].track, track, VOYO_TRACK_LEN) == 0) {
                return 1;
            }
        }
    }

    return 0;
}


ngx_voyo_takedown_t *
ngx_voyo_takedowns_copy(ngx_voyo_takedowns_t *takedowns, ngx_uint_t *n,
    ngx_uint_t *all, ngx_log_t *log)
{
    ngx_uint_t                   left, count;
    ngx_queue_t                 *q;
    ngx_voyo_takedown_t         *list;
    ngx_voyo_takedowns_chunk_t  *chunk;

    list = NULL;

    ngx_shmtx_lock(takedowns->mutex);

    *all = takedowns->n;
    left = *all - takedowns->settled;

    if (left) {

        /* of the last chunk, some may not be used yet */

        count = (*all - 1) % NGX_VOYO_TAKEDOWNS + 1
                + (takedowns->nchunks - 1) * NGX_VOYO_TAKEDOWNS;
        left = ngx_min(left, count);

        list = ngx_alloc(left * sizeof(ngx_voyo_takedown_t), log);
    }

    *n = left;

    for (q = ngx_queue_last(&takedowns->chunks);
         list && left && q != ngx_queue_sentinel(&takedowns->chunks);
         q = ngx_queue_prev(q))
    {
        chunk = ngx_queue_data(q, ngx_voyo_takedowns_chunk_t, queue);
        count = ngx_min(left, chunk->n);
        left -= count;

        ngx_memcpy(&list[left], &chunk->list[chunk->n - count],
                   count * sizeof(ngx_voyo_takedown_t));
    }

    ngx_shmtx_unlock(takedowns->mutex);

    return list;
}
