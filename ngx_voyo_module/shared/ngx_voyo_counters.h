
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_COUNTERS_H_INCLUDED_
#define _NGX_VOYO_COUNTERS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef enum {
    NGX_VOYO_REFRESH_EXPIRED = 0,      /* a URL had expired */
    NGX_VOYO_REFRESH_EARLY,            /* refused before it expired */
    NGX_VOYO_REFRESH_OTHER,            /* any other failure */
    NGX_VOYO_PREFETCH_IGNORED,         /* unusable, or dropped */
    NGX_VOYO_COUNTERS
} ngx_voyo_counter_e;


/* What is wrong with a proxy in front, if anything. */

#define NGX_VOYO_FRONT_UNTRUSTED  1    /* its X-Forwarded-For is ignored */
#define NGX_VOYO_FRONT_SILENT     2    /* it sends none */


/* Counters of all workers since the zone was created, without its lock. */

typedef struct {
    time_t            started;         /* when the zone was created */
    ngx_atomic_t      resolver_seen;   /* a resolver was alive since then */
    ngx_atomic_t      parked[NGX_MAX_PROCESSES];   /* requests, by worker */
    time_t            changed;         /* the last of these numbers */
    time_t            unanswered;      /* since then; 0: none is parked */
    ngx_atomic_t      failing;         /* tracks in a row, see below */
    ngx_atomic_t      failing_track;   /* hash of the last one */
    ngx_atomic_t      front;           /* NGX_VOYO_FRONT_... */
    ngx_atomic_t      counts[NGX_VOYO_COUNTERS];
} ngx_voyo_counters_t;


/* The counters of a zone, whose data begin with them. */
ngx_voyo_counters_t *ngx_voyo_counters(ngx_shm_zone_t *zone);

void ngx_voyo_count(ngx_shm_zone_t *zone, ngx_voyo_counter_e counter);

/* Adds to this worker's number of parked requests. */
void ngx_voyo_counters_park(ngx_shm_zone_t *zone, ngx_int_t n);

/* Parked requests, in all workers. */
ngx_uint_t ngx_voyo_counters_parked(ngx_shm_zone_t *zone);

/*
 * For how many seconds requests have been parked without an answer to any of
 * them.  Answers are told by setting "unanswered" to 0.
 */
time_t ngx_voyo_counters_stalled(ngx_shm_zone_t *zone);

/*
 * A media host has sent a slice or, if "track" is not NULL, a slice of it could
 * not be fetched.  Different tracks in a row are counted.
 */
void ngx_voyo_counters_fetched(ngx_shm_zone_t *zone, ngx_str_t *track);


#endif /* _NGX_VOYO_COUNTERS_H_INCLUDED_ */
