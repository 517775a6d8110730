
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_counters.h"


#define NGX_VOYO_COUNTERS_PAUSE  30    /* seconds, above a request's wait */


ngx_voyo_counters_t *
ngx_voyo_counters(ngx_shm_zone_t *zone)
{
    return ((ngx_slab_pool_t *) zone->shm.addr)->data;
}


void
ngx_voyo_count(ngx_shm_zone_t *zone, ngx_voyo_counter_e counter)
{
    (void) ngx_atomic_fetch_add(&ngx_voyo_counters(zone)->counts[counter], 1);
}


void
ngx_voyo_counters_park(ngx_shm_zone_t *zone, ngx_int_t n)
{
    ngx_voyo_counters_t  *counters;

    counters = ngx_voyo_counters(zone);
    counters->parked[ngx_process_slot] += n;

    /* after a long pause a new wait begins */

    if (ngx_time() - counters->changed > NGX_VOYO_COUNTERS_PAUSE) {
        counters->unanswered = 0;
    }

    if (counters->unanswered == 0 && counters->parked[ngx_process_slot]) {
        counters->unanswered = ngx_time();
    }

    counters->changed = ngx_time();
}


ngx_uint_t
ngx_voyo_counters_parked(ngx_shm_zone_t *zone)
{
    ngx_uint_t            i, n;
    ngx_voyo_counters_t  *counters;

    counters = ngx_voyo_counters(zone);

    for (i = 0, n = 0; i < NGX_MAX_PROCESSES; i++) {
        n += counters->parked[i];
    }

    return n;
}


time_t
ngx_voyo_counters_stalled(ngx_shm_zone_t *zone)
{
    time_t  since;

    since = ngx_voyo_counters(zone)->unanswered;

    return since && ngx_voyo_counters_parked(zone) ? ngx_time() - since : 0;
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
