
/*
 * Copyright (C) the VOYO authors
 */


#include "quantile.h"

#include <math.h>


#define QUANTILE_OCTAVE  8
#define QUANTILE_LEAST   16.0          /* microseconds */


void
quantile_add(quantile_t *quantile, int64_t us)
{
    int  i;

    i = 0;

    if ((double) us > QUANTILE_LEAST) {
        i = (int) (log2((double) us / QUANTILE_LEAST) * QUANTILE_OCTAVE);
    }

    if (i >= QUANTILE_BUCKETS) {
        i = QUANTILE_BUCKETS - 1;
    }

    atomic_fetch_add(&quantile->buckets[i], 1);
}


double
quantile_get(quantile_t *quantile, double part)
{
    int       i;
    double    all, below;
    unsigned  n[QUANTILE_BUCKETS];

    all = 0;

    for (i = 0; i < QUANTILE_BUCKETS; i++) {
        n[i] = atomic_load(&quantile->buckets[i]);
        all += n[i];
    }

    if (all < 1) {
        return 0;
    }

    below = 0;

    for (i = 0; i < QUANTILE_BUCKETS - 1; i++) {
        below += n[i];

        if (below >= all * part) {
            break;
        }
    }

    return QUANTILE_LEAST / 1000 * exp2((double) (i + 1) / QUANTILE_OCTAVE);
}


void
quantile_fade(quantile_t *quantile)
{
    int       i;
    unsigned  n;

    for (i = 0; i < QUANTILE_BUCKETS; i++) {
        n = atomic_load(&quantile->buckets[i]);
        atomic_fetch_sub(&quantile->buckets[i], n - n / 2);
    }
}
