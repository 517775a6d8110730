
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_counters.h"


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
