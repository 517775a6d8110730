
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_COUNTERS_H_INCLUDED_
#define _NGX_VOYO_COUNTERS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* qualities, codecs, and whether the first slice was cached */

#define NGX_VOYO_PLAYS_MAX  (3 * 2 * 2)


typedef enum {
    NGX_VOYO_REFRESH_EXPIRED = 0,      /* a URL had expired */
    NGX_VOYO_REFRESH_EARLY,            /* refused before it expired */
    NGX_VOYO_REFRESH_OTHER,            /* any other failure */
    NGX_VOYO_PREFETCH_IGNORED,         /* unusable, or dropped */

    NGX_VOYO_REPAIR_REDIRECT,          /* another URL, by a redirect */
    NGX_VOYO_REPAIR_CONNECTION,        /* another connection */
    NGX_VOYO_REPAIR_HOST,              /* the URL's other host */
    NGX_VOYO_RETRY,                    /* another attempt in mid-track */
    NGX_VOYO_CUT_SLICE,                /* closed by the guard */
    NGX_VOYO_CUT_SOURCE,               /* closed, no attempt succeeded */
    NGX_VOYO_CUT_RESUME,               /* the same, before its first byte */
    NGX_VOYO_CUT_TAKEDOWN,             /* closed, the track was taken down */

    NGX_VOYO_SLICE_HIT,                /* from the cache */
    NGX_VOYO_SLICE_WAITED,             /* the same, once it was stored */
    NGX_VOYO_SLICE_MISS,               /* from the source */
    NGX_VOYO_FILLS_AHEAD,
    NGX_VOYO_FILLS_PREFETCH,
    NGX_VOYO_FILLS_DROPPED,            /* too many wait */
    NGX_VOYO_FILLS_BUDGET,             /* refused: the budget is spent */
    NGX_VOYO_FILLS_LIMIT,              /* refused: the client's limit */

    NGX_VOYO_MEDIA_2XX,                /* responses of media hosts */
    NGX_VOYO_MEDIA_3XX,
    NGX_VOYO_MEDIA_403,
    NGX_VOYO_MEDIA_404,                /* or 410 */
    NGX_VOYO_MEDIA_429,
    NGX_VOYO_MEDIA_4XX,                /* the others */
    NGX_VOYO_MEDIA_5XX,
    NGX_VOYO_MEDIA_NONE,
    NGX_VOYO_MEDIA_BYTES,
    NGX_VOYO_SENT_BYTES,               /* to clients */

    NGX_VOYO_TAKEN_FILES,              /* removed from the cache */
    NGX_VOYO_EVICTED,                  /* from the zone, tracks and URLs */
    NGX_VOYO_REDIS_FAILED,             /* queries for a track */

    NGX_VOYO_PLAYS,                    /* the first of NGX_VOYO_PLAYS_MAX */
    NGX_VOYO_COUNTERS = NGX_VOYO_PLAYS + NGX_VOYO_PLAYS_MAX
} ngx_voyo_counter_e;


/* What is wrong with a proxy in front, if anything. */

#define NGX_VOYO_FRONT_UNTRUSTED  1    /* its X-Forwarded-For is ignored */
#define NGX_VOYO_FRONT_SILENT     2    /* it sends none */


/* Responses of one kind. */

#define NGX_VOYO_RESPONSES  64

typedef struct {
    ngx_uint_t        status;
    ngx_uint_t        info;            /* of "voyo_track" */
    u_char            problem[24];     /* a code, or "" */
    ngx_atomic_t      count;
} ngx_voyo_response_t;


/* By ngx_voyo_buckets, and one for all that is longer. */

#define NGX_VOYO_BUCKETS  11

typedef struct {
    ngx_atomic_t      buckets[NGX_VOYO_BUCKETS + 1];
    ngx_atomic_t      sum;             /* milliseconds */
} ngx_voyo_histogram_t;

extern const ngx_msec_t  ngx_voyo_buckets[NGX_VOYO_BUCKETS];


/* What a worker has now; of processes above the last slot nothing is known. */

#define NGX_VOYO_WORKERS  256

typedef enum {
    NGX_VOYO_PARKED_PLAY = 0,          /* for a track */
    NGX_VOYO_PARKED_INFO,              /* for a description of it */
    NGX_VOYO_PARKED_PREFETCH,          /* for it, and no client listens */
    NGX_VOYO_PARKED_URL,               /* for a newer one */
    NGX_VOYO_PARKED_MAX
} ngx_voyo_parked_e;

typedef struct {
    ngx_atomic_t      parked[NGX_VOYO_PARKED_MAX];   /* requests */
    ngx_atomic_t      listeners;       /* requests for audio */
    ngx_atomic_t      running;         /* fills */
    ngx_atomic_t      waiting;
} ngx_voyo_gauges_t;


/* Counters of all workers since the zone was created, without its lock. */

typedef struct {
    time_t            started;         /* when the zone was created */
    ngx_atomic_t      resolver_seen;   /* a resolver was alive since then */
    ngx_voyo_gauges_t workers[NGX_VOYO_WORKERS];
    time_t            changed;         /* the last of these numbers */
    time_t            unanswered;      /* since then; 0: none is parked */
    ngx_atomic_t      failing;         /* tracks in a row, see below */
    ngx_atomic_t      failing_track;   /* hash of the last one */
    ngx_atomic_t      front;           /* NGX_VOYO_FRONT_... */
    ngx_atomic_t      takedowns;       /* that the zone has ever had */
    ngx_atomic_t      draining;        /* the operator said so */
    ngx_atomic_t      counts[NGX_VOYO_COUNTERS];
    ngx_atomic_t      nresponses;
    ngx_voyo_response_t   responses[NGX_VOYO_RESPONSES];
    ngx_voyo_histogram_t  resolve;     /* waiting for a track */
    ngx_voyo_histogram_t  first_byte[2];   /* of a miss, of a hit */
} ngx_voyo_counters_t;


/* The counters of a zone, whose data begin with them. */

static ngx_inline ngx_voyo_counters_t *
ngx_voyo_counters(ngx_shm_zone_t *zone)
{
    return ((ngx_slab_pool_t *) zone->shm.addr)->data;
}


static ngx_inline void
ngx_voyo_count_add(ngx_shm_zone_t *zone, ngx_voyo_counter_e counter,
    ngx_atomic_int_t n)
{
    (void) ngx_atomic_fetch_add(&ngx_voyo_counters(zone)->counts[counter], n);
}


#define ngx_voyo_count(zone, counter)  ngx_voyo_count_add(zone, counter, 1)


/*
 * Counts a response.  "problem" is its code, of a body that was cut too, or "".
 * When there is no room for another kind, it is counted with status 0.
 */
void ngx_voyo_count_response(ngx_shm_zone_t *zone, ngx_uint_t info,
    ngx_uint_t status, const char *problem);

/* Counts a duration, in milliseconds. */
void ngx_voyo_count_time(ngx_voyo_histogram_t *histogram, ngx_msec_t time);

/* This worker's gauges; those of the slot's last process are forgotten. */
ngx_voyo_gauges_t *ngx_voyo_gauges(ngx_shm_zone_t *zone);
void ngx_voyo_gauges_reset(ngx_shm_zone_t *zone);

/* The sum of all workers. */
void ngx_voyo_gauges_sum(ngx_shm_zone_t *zone, ngx_voyo_gauges_t *sum);

/* Requests that are parked for any reason. */
ngx_atomic_uint_t ngx_voyo_gauges_parked(ngx_voyo_gauges_t *gauges);

/* Adds to this worker's number of parked requests. */
void ngx_voyo_counters_park(ngx_shm_zone_t *zone, ngx_voyo_parked_e reason,
    ngx_int_t n);

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
