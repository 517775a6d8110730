
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _QUANTILE_H_INCLUDED_
#define _QUANTILE_H_INCLUDED_


#include <stdatomic.h>
#include <stdint.h>


#define QUANTILE_BUCKETS  192          /* 8 per octave, from 16 us */


/* A histogram of durations; threads add to it and read it without a lock. */

typedef struct {
    atomic_uint  buckets[QUANTILE_BUCKETS];
} quantile_t;


/* "us" is in microseconds; more than 268 s counts as 268 s. */
void quantile_add(quantile_t *quantile, int64_t us);

/*
 * The quantile "part" (0 to 1) of the durations, in milliseconds, at most 9 %
 * too high; 0 if there are none.
 */
double quantile_get(quantile_t *quantile, double part);

/* Halves the weight of all durations so far, so that new ones count more. */
void quantile_fade(quantile_t *quantile);


#endif /* _QUANTILE_H_INCLUDED_ */
