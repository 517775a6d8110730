
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _KEEPER_H_INCLUDED_
#define _KEEPER_H_INCLUDED_


#include <stdint.h>

#include "heartbeat.h"
#include "worker.h"


/*
 * Keeps one worker warm for its thread: starts it, restarts it after it ended,
 * with growing delays, and replaces it once it is old, after a new one has
 * become ready.
 *
 *            spawned        first line          job            answer
 *   DOWN ------------> STARTING -----> IDLE ------------> BUSY -----> IDLE
 *     ^                   |             |                   |
 *     +---- pause --------+-------------+-------------------+
 *                              it ended, or was killed
 *
 * If two starts in a row fail, and not because it was killed, it is cold: IDLE
 * without a worker, and yt-dlp is run for each job (cold.h).  Starting a worker
 * is retried later.
 */
typedef struct {
    const config_t      *config;
    heartbeat_worker_t  *shown;
    unsigned             number;       /* of the worker, for the log */
    heartbeat_state_t    state;
    worker_t             worker;       /* unless DOWN */
    worker_t             next;         /* its replacement, if has_next */
    unsigned             has_next:1;
    unsigned             cold:1;       /* there is no worker */
    unsigned             failures;     /* ends in a row without an answer */
    unsigned             starts;       /* those before it was ready; when it
                                          is cold, the attempts to end that */
    int64_t              pause;        /* until when it stays DOWN */
    int64_t              hold;         /* until when it is not replaced */
    uint64_t             program;      /* that did not start: worker_file() */
} keeper_t;


/*
 * Waits until "until" for a ready worker, and starts one if necessary.  Returns
 * VOYO_OK, or VOYO_ETIMEOUT.
 */
int keeper_ready(keeper_t *keeper, int64_t until);

/*
 * To be called between jobs: detects that an idle worker ended, and replaces an
 * old one.  It does not wait.
 */
void keeper_tend(keeper_t *keeper);

/* A ready worker receives a job, or has answered it. */
void keeper_busy(keeper_t *keeper);
void keeper_answered(keeper_t *keeper);

/* The worker ended by itself; "when" is for the log: "in a job". */
void keeper_lost(keeper_t *keeper, const char *when);

/* The worker is killed; "why" is for the log, NULL: nothing is logged. */
void keeper_kill(keeper_t *keeper, const char *why);

/* Leaves no process behind. */
void keeper_end(keeper_t *keeper);

/* Takes over a worker that is ready. */
void keeper_adopt(keeper_t *keeper, const worker_t *worker);

/* No worker starts: yt-dlp, of that version, is run for each job. */
void keeper_freeze(keeper_t *keeper, const char *version);


#endif /* _KEEPER_H_INCLUDED_ */
