
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_counters.h"


#define NGX_VOYO_COUNTERS_PAUSE  30    /* seconds, above a request's wait */


const ngx_msec_t  ngx_voyo_buckets[NGX_VOYO_BUCKETS] = {
    5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000
};


void
ngx_voyo_count_response(ngx_shm_zone_t *zone, ngx_uint_t info,
    ngx_uint_t status, const char *problem)
{
    ngx_uint_t            i, n, locked;
    ngx_slab_pool_t      *shpool;
    ngx_voyo_response_t  *response;
    ngx_voyo_counters_t  *counters;

    shpool = (ngx_slab_pool_t *) zone->shm.addr;
    counters = ngx_voyo_counters(zone);
    locked = 0;
    i = 0;

again:

    for (n = counters->nresponses; i < n; i++) {
        response = &counters->responses[i];

        if (response->status == status && response->info == info
            && ngx_strcmp(response->problem, problem) == 0)
        {
            (void) ngx_atomic_fetch_add(&response->count, 1);
            goto done;
        }
    }

    /* kinds are only added, so what was compared needs no second look */

    if (!locked) {
        ngx_shmtx_lock(&shpool->mutex);
        locked = 1;
        goto again;
    }

    if (n == NGX_VOYO_RESPONSES - 1) {
        status = 0;
        problem = "";
    }

    if (n < NGX_VOYO_RESPONSES) {
        response = &counters->responses[n];

        response->status = status;
        response->info = info;
        ngx_cpystrn(response->problem, (u_char *) problem,
                    sizeof(response->problem));
        response->count = 1;

        ngx_memory_barrier();

        counters->nresponses++;

    } else {
        (void) ngx_atomic_fetch_add(&counters->responses[n - 1].count, 1);
    }

done:

    if (locked) {
        ngx_shmtx_unlock(&shpool->mutex);
    }
}


void
ngx_voyo_count_time(ngx_voyo_histogram_t *histogram, ngx_msec_t time)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_VOYO_BUCKETS && time > ngx_voyo_buckets[i]; i++) {
        /* void */
    }

    (void) ngx_atomic_fetch_add(&histogram->buckets[i], 1);
    (void) ngx_atomic_fetch_add(&histogram->sum, time);
}


ngx_voyo_gauges_t *
ngx_voyo_gauges(ngx_shm_zone_t *zone)
{
    return &ngx_voyo_counters(zone)->workers[ngx_min(ngx_process_slot,
                                                     NGX_VOYO_WORKERS - 1)];
}


void
ngx_voyo_gauges_reset(ngx_shm_zone_t *zone)
{
    ngx_memzero(ngx_voyo_gauges(zone), sizeof(ngx_voyo_gauges_t));
}


void
ngx_voyo_gauges_sum(ngx_shm_zone_t *zone, ngx_voyo_gauges_t *sum)
{
    ngx_uint_t          i, k;
    ngx_voyo_gauges_t  *worker;

    ngx_memzero(sum, sizeof(ngx_voyo_gauges_t));

    for (i = 0; i < NGX_VOYO_WORKERS; i++) {
        worker = &ngx_voyo_counters(zone)->workers[i];

        for (k = 0; k < NGX_VOYO_PARKED_MAX; k++) {
            sum->parked[k] += worker->parked[k];
        }

        sum->listeners += worker->listeners;
        sum->running += worker->running;
        sum->waiting += worker->waiting;
    }
}


ngx_atomic_uint_t
ngx_voyo_gauges_parked(ngx_voyo_gauges_t *gauges)
{
    ngx_uint_t         i;
    ngx_atomic_uint_t  n;

    for (i = 0, n = 0; i < NGX_VOYO_PARKED_MAX; i++) {
        n += gauges->parked[i];
    }

    return n;
}


void
ngx_voyo_counters_park(ngx_shm_zone_t *zone, ngx_voyo_parked_e reason,
    ngx_int_t n)
{
    ngx_voyo_gauges_t    *worker;
    ngx_voyo_counters_t  *counters;

    counters = ngx_voyo_counters(zone);

    worker = ngx_voyo_gauges(zone);
    worker->parked[reason] += n;

    /* after a long pause a new wait begins */

    if (ngx_time() - counters->changed > NGX_VOYO_COUNTERS_PAUSE) {
        counters->unanswered = 0;
    }

    if (counters->unanswered == 0 && ngx_voyo_gauges_parked(worker)) {
        counters->unanswered = ngx_time();
    }

    counters->changed = ngx_time();
}


time_t
ngx_voyo_counters_stalled(ngx_shm_zone_t *zone)
{
    time_t             since;
    ngx_voyo_gauges_t  all;

    since = ngx_voyo_counters(zone)->unanswered;

    ngx_voyo_gauges_sum(zone, &all);

    return since && ngx_voyo_gauges_parked(&all) ? ngx_time() - since : 0;
}


void
ngx_voyo_counters_fetched(ngx_shm_zone_t *zone, ngx_str_t *track)
{
    ngx_uint_t            hash;
    ngx_voyo_counters_t  *counters;

    counters = ngx_voyo_counters(zone);

    if (track == NULL) {

        if (counters->failing) {
            counters->failing = 0;
        }

        return;
    }

    hash = ngx_crc32_short(track->data, track->len);

    if (counters->failing == 0 || counters->failing_track != hash) {
        counters->failing_track = hash;
        counters->failing++;
    }
}
