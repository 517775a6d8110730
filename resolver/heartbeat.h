
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _HEARTBEAT_H_INCLUDED_
#define _HEARTBEAT_H_INCLUDED_


#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "quantile.h"
#include "store.h"
#include "unknown.h"
#include "voyo_class.h"
#include "ytdlp.h"


#define HEARTBEAT_EVERY    500         /* milliseconds */
#define HEARTBEAT_FAILING  3           /* tracks in a row, to be reported */
#define HEARTBEAT_ENDS     2           /* of each worker, as well */

/*
 * If so many tracks in a row are "unavailable", without a success between them,
 * the cause is probably the client, and the result is doubted.  A
 * "client_refused" counts as four.
 */
#define HEARTBEAT_DOUBT  10


typedef enum {
    HEARTBEAT_DOWN = 0,                /* waiting for its next start */
    HEARTBEAT_STARTING,
    HEARTBEAT_IDLE,
    HEARTBEAT_BUSY,
    HEARTBEAT_STATES
} heartbeat_state_t;


/* Why a yt-dlp process was started again. */

typedef enum {
    HEARTBEAT_ENDED = 0,
    HEARTBEAT_KILLED,
    HEARTBEAT_REPLACED,
    HEARTBEAT_RESTARTS
} heartbeat_restart_t;


/* A worker's state, written by its thread. */

typedef struct {
    atomic_uint   restarts[HEARTBEAT_RESTARTS];
    atomic_int    state;
    atomic_int    group;               /* its process group, 0: none */
    atomic_int    next;                /* that of its replacement */
    atomic_int    pid;                 /* of yt-dlp in it */
    atomic_int    cold;                /* yt-dlp is run for each job */
    atomic_int    failures;            /* ends in a row without an answer */
    atomic_ullong version;             /* ytdlp_version_number() */
    atomic_ullong configuration;       /* its hash */
} heartbeat_worker_t;


/*
 * The data that the threads share with the heartbeat and with each other.  The
 * first two fields are set before they start.
 */
typedef struct {
    int64_t             started_at;    /* Unix time, seconds */
    unsigned            nworkers;
    const char         *javascript;    /* the runtime, as text */

    heartbeat_worker_t  workers[CONFIG_WORKERS_MAX];
    atomic_ullong       ok;
    atomic_ullong       failed[VOYO_CLASS_MAX];
    atomic_ullong       proved;        /* URLs whose last byte was fetched */
    atomic_ullong       refused;       /* or refused */
    atomic_uint         doubt;         /* see HEARTBEAT_DOUBT */
    atomic_llong        last_success;  /* Unix time, 0: none yet */
    atomic_uint         failing;       /* tracks in a row without an answer */
    atomic_ullong       failing_track; /* the last of them */
    atomic_int          failing_class; /* voyo_class_t */
    quantile_t          latency;       /* from a popped job to its event */
    quantile_t          own;           /* the same, without yt-dlp */
    unknown_t           unknown;

    atomic_llong        canary_at;     /* when it ended, Unix time; 0: never */
    atomic_int          canary;        /* voyo_class_t */

    atomic_int          profile;       /* ytdlp_profile_t to start with */
    atomic_llong        profile_until; /* on clock_now() */
} heartbeat_t;


/*
 * Counts the outcome of a job.  Failures that do not concern the track, such as
 * those of the network, are reported when HEARTBEAT_FAILING tracks in a row end
 * with them.
 */
void heartbeat_ended(heartbeat_t *heartbeat, const char *id,
    voyo_class_t class);

/*
 * The heartbeat as JSON, which the caller must free(); NULL: out of memory.
 */
char *heartbeat_json(heartbeat_t *heartbeat, const config_t *config,
    const store_status_t *status);


/*
 * The words of ytdlp_met() of all workers, separated by spaces: more than one
 * while they are being replaced.
 */
#define HEARTBEAT_MET_MAX  (8 * YTDLP_MET_MAX)

void heartbeat_met(heartbeat_t *heartbeat, char text[HEARTBEAT_MET_MAX]);


#endif /* _HEARTBEAT_H_INCLUDED_ */
