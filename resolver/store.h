
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _STORE_H_INCLUDED_
#define _STORE_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "redis.h"
#include "voyo_class.h"
#include "voyo_track.h"


#define STORE_LEASE     2000           /* milliseconds */
#define STORE_BEAT      5000           /* milliseconds */
#define STORE_TOKEN_MAX (CONFIG_INSTANCE_MAX + 32)


/* The commands of one thread, on its own connection. */

typedef struct store_s  store_t;


typedef enum {
    STORE_PLAY = 0,
    STORE_PREFETCH,
    STORE_OWN                          /* not queued: the canary */
} store_lane_t;


/* A popped job. */

typedef struct {
    char          id[VOYO_TRACK_LEN + 1];
    store_lane_t  lane;
    char          score[24];           /* time of the request, ms */
    char          request[65];         /* its id, or "" */
} store_job_t;


/*
 * "ms" is how long to wait for a reply, above 1000 for store_pop().  NULL: out
 * of memory.  All functions below connect if necessary; VOYO_EIO means that
 * Redis cannot be used, which has been logged.
 */
store_t *store_create(redis_shared_t *shared, unsigned ms);
void store_free(store_t *store);

/*
 * Waits up to a second for a job, from the play lane first, or only from it.
 * Returns VOYO_OK; VOYO_ETIMEOUT: there is none; VOYO_EINVAL: the job was not a
 * track id, and is dropped; VOYO_EIO.
 */
int store_pop(store_t *store, store_job_t *job, int play_only);

/*
 * Takes the lease of a job.  Returns 1, and sets job->request, and
 * "*generation" to that of the record to come; 0 if the job need not or must
 * not run, and sets "*reason"; or VOYO_EIO.
 */
int store_take(store_t *store, store_job_t *job, const char *token,
    int64_t *generation, const char **reason);

/*
 * Counts one more extraction, with "profile", for a taken job.  Returns 1; 0 if
 * the breaker does not allow it any more; or VOYO_EIO.
 */
int store_again(store_t *store, const char *id, const char *token,
    const char *profile);

/* Puts a popped job back into its place.  Returns VOYO_OK or VOYO_EIO. */
int store_return(store_t *store, const store_job_t *job);

/*
 * Returns 1; 0 if another resolver has the lease, or a record of "generation"
 * would be too late; or VOYO_EIO.
 */
int store_renew(store_t *store, const char *id, const char *token,
    int64_t generation);

/* The outcome of a job, for store_finish(). */

typedef struct {
    const char    *json;               /* "len" bytes */
    size_t         len;
    int64_t        life;               /* seconds */
    int64_t        generation;
    voyo_class_t   class;              /* VOYO_CLASS_NONE: a record */
    const char    *met;                /* ytdlp_met() */
    const char    *address;            /* its URLs are bound to, or "" */
} store_end_t;

/*
 * Ends a job: stores the record or the failure, or opens the breaker, and
 * publishes the event; if "end" is NULL only releases the lease.  Returns 1; 0
 * if another resolver has resolved the track, or is about to; or VOYO_EIO.
 */
int store_finish(store_t *store, const char *id, const char *token,
    const store_end_t *end);

/*
 * Registers this resolver as alive or, if "json" is NULL, as shutting down.
 * Returns VOYO_OK or VOYO_EIO.
 */
int store_beat(store_t *store, const char *json, size_t len,
    const char *met);

/* Whether Redis can be used: VOYO_OK, or VOYO_EIO and the reason. */
int store_ping(store_t *store, const char **error);

/* The state that all resolvers of the egress share. */

typedef struct {
    int64_t       play;                /* lengths of the queues */
    int64_t       prefetch;
    int64_t       spent;               /* of the budget */
    voyo_class_t  breaker;             /* VOYO_CLASS_NONE: closed */
    int64_t       left;                /* ms until it is half-open */
} store_status_t;

/* Returns VOYO_OK or VOYO_EIO. */
int store_status(store_t *store, store_status_t *status);


#endif /* _STORE_H_INCLUDED_ */
