
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _KEEPER_H_INCLUDED_
#define _KEEPER_H_INCLUDED_


#include <stdint.h>

#include "heartbeat.h"
#include "worker.h"


/*
 * Keeps one worker warm for its thread: starts it, starts it again when it
 * ended, the more slowly the more often that happens, and replaces it when it
 * is old without being without one.
 *
 *            spawned        first line          job            answer
 *   DOWN ------------> STARTING -----> IDLE ------------> BUSY -----> IDLE
 *     ^                   |             |                   |
 *     +---- pause --------+-------------+-------------------+
 *                              it ended, or was killed
 *
 * When two starts in a row fail it is cold: IDLE without a worker, and yt-dlp
 * is to be run for each job (cold.h).  A worker is tried for again later.
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
    unsigned             failures;     /* ends in a row, without an answer */
    unsigned             starts;       /* of them before it was ready */
    int64_t              pause;        /* until when to stay DOWN */
    int64_t              hold;         /* until when not to replace it */
    uint64_t             program;      /* that did not start: worker_file() */
} keeper_t;


/*
 * Waits until "until" for a worker that is ready, and starts one where there
 * is none.  Returns VOYO_OK, or VOYO_ETIMEOUT.
 */
int keeper_ready(keeper_t *keeper, int64_t until);

/*
 * To be called between jobs: notices that an idle worker ended, and replaces
 * one that is old.  It doesn't wait.
 */
void keeper_tend(keeper_t *keeper);

/* A ready worker is given a job, or has answered it. */
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

/* No worker starts: yt-dlp is to be run for each job, of that version. */
void keeper_freeze(keeper_t *keeper, const char *version);


#endif /* _KEEPER_H_INCLUDED_ */
