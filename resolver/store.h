
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


/* The commands of one thread, on a connection of its own. */

typedef struct store_s  store_t;


typedef enum {
    STORE_PLAY = 0,
    STORE_PREFETCH,
    STORE_OWN                          /* the resolver's own idea */
} store_lane_t;


/* A job that was popped. */

typedef struct {
    char          id[VOYO_TRACK_LEN + 1];
    store_lane_t  lane;
    char          score[24];           /* when it was asked for, ms */
} store_job_t;


/*
 * "ms" is how long to wait for an answer, above 1000 for store_pop().  NULL:
 * out of memory.  Every function below connects where needed; VOYO_EIO is a
 * Redis that can't be used, which is logged already.
 */
store_t *store_create(redis_shared_t *shared, unsigned ms);
void store_free(store_t *store);

/*
 * Waits up to a second for a job, of the play lane first.  Returns VOYO_OK;
 * VOYO_ETIMEOUT: there is none; VOYO_EINVAL: what was queued is no track, it
 * is dropped; VOYO_EIO.
 */
int store_pop(store_t *store, store_job_t *job);

/*
 * Takes the lease of a job.  Returns 1, and the generation of the record to
 * come in "*generation"; 0 when it need not or must not be run, and why in
 * "*reason"; or VOYO_EIO.
 */
int store_take(store_t *store, const store_job_t *job, const char *token,
    int64_t *generation, const char **reason);

/*
 * Counts one more extraction, by "profile", of a job that was taken.  Returns
 * 1; 0 when the breaker does not allow it any more; or VOYO_EIO.
 */
int store_again(store_t *store, const char *id, const char *token,
    const char *profile);

/* Puts a popped job back where it was.  Returns VOYO_OK or VOYO_EIO. */
int store_return(store_t *store, const store_job_t *job);

/*
 * Returns 1; 0 when the lease is somebody else's by now, or a record of that
 * "generation" would come too late; or VOYO_EIO.
 */
int store_renew(store_t *store, const char *id, const char *token,
    int64_t generation);

/* What came of a job, for store_finish(). */

typedef struct {
    const char    *json;               /* "len" bytes */
    size_t         len;
    int64_t        life;               /* seconds */
    int64_t        generation;
    voyo_class_t   class;              /* VOYO_CLASS_NONE: a record */
} store_end_t;

/*
 * Ends a job: the record or the failure is stored, or the breaker opened, and
 * everybody told; with "end" NULL only the lease is given back.  Returns 1; 0
 * when somebody else has resolved it meanwhile, or is about to; or VOYO_EIO.
 */
int store_finish(store_t *store, const char *id, const char *token,
    const store_end_t *end);

/*
 * Says that this resolver lives, or with "json" NULL that it is leaving.
 * Returns VOYO_OK or VOYO_EIO.
 */
int store_beat(store_t *store, const char *json, size_t len);

/* Whether Redis can be used: VOYO_OK, or VOYO_EIO and what is wrong. */
int store_ping(store_t *store, const char **error);

/* What all the resolvers of the egress share. */

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
