
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _QUANTILE_H_INCLUDED_
#define _QUANTILE_H_INCLUDED_


#include <stdatomic.h>
#include <stdint.h>


#define QUANTILE_BUCKETS  192          /* 8 to the octave, from 16 us on */


/* How long something took; threads add to it and read it without a lock. */

typedef struct {
    atomic_uint  buckets[QUANTILE_BUCKETS];
} quantile_t;


/* "us" is in microseconds; what is beyond 268 s counts as that. */
void quantile_add(quantile_t *quantile, int64_t us);

/*
 * The time that "part" (0 to 1) of what was added stayed within, in
 * milliseconds, at most 9 % too high; 0 when nothing was added.
 */
double quantile_get(quantile_t *quantile, double part);

/* Halves what was added so far, so that what is new counts for more. */
void quantile_fade(quantile_t *quantile);


#endif /* _QUANTILE_H_INCLUDED_ */
