
/*
 * Copyright (C) the VOYO authors
 */


#include "clock.h"
#include "keeper.h"
#include "voyo_errno.h"

#include <errno.h>
#include <string.h>


#define KEEPER_PAUSE      25           /* ms more after each end in a row */
#define KEEPER_PAUSE_MAX  2000
#define KEEPER_NAP        100
#define KEEPER_HOLD       30000        /* after a replacement that failed */
#define KEEPER_DOUBLE     6            /* times, from KEEPER_PAUSE_MAX */
#define KEEPER_STARTS     2            /* failures in a row that make it cold */


static void keeper_spawn(keeper_t *keeper);
static void keeper_wait(keeper_t *keeper, int64_t until);
static void keeper_unready(keeper_t *keeper);
static const char *keeper_why(const keeper_t *keeper);
static void keeper_replace(keeper_t *keeper);
static void keeper_pause(keeper_t *keeper);
static void keeper_show(keeper_t *keeper, heartbeat_state_t state);
static void keeper_nap(int64_t until);


int
keeper_ready(keeper_t *keeper, int64_t until)
{
    for ( ;; ) {

        switch (keeper->state) {

        case HEARTBEAT_DOWN:

            if (clock_now() >= keeper->pause) {
                keeper_spawn(keeper);

            } else {
                keeper_nap(until < keeper->pause ? until : keeper->pause);
            }

            break;

        case HEARTBEAT_STARTING:
            keeper_wait(keeper, until);
            break;

        default:
            return VOYO_OK;
        }

        if (keeper->state != HEARTBEAT_IDLE && clock_now() >= until) {
            return VOYO_ETIMEOUT;
        }
    }
}


static void
keeper_spawn(keeper_t *keeper)
{
    if (worker_spawn(&keeper->worker, keeper->config) == VOYO_OK) {
        keeper_show(keeper, HEARTBEAT_STARTING);
        return;
    }

    keeper_pause(keeper);

    log_event(&keeper->config->log, LOG_ERROR, "worker %u cannot be started: "
              "%s, next attempt in %lld ms", keeper->number, strerror(errno),
              (long long) (keeper->pause - clock_now()));
}


static void
keeper_wait(keeper_t *keeper, int64_t until)
{
    int  rc, killed;

    if (until > keeper->worker.deadline) {
        until = keeper->worker.deadline;
    }

    rc = worker_wait(&keeper->worker, until);

    if (rc == VOYO_OK && keeper->worker.ready.ready
        && ytdlp_version_valid(keeper->worker.ready.version))
    {
        keeper->starts = 0;
        keeper_show(keeper, HEARTBEAT_IDLE);

    } else if (rc == VOYO_OK || rc == VOYO_EIO) {

        /* what kills it, such as a lack of memory, would kill any yt-dlp */

        killed = rc == VOYO_EIO && worker_killed(&keeper->worker);

        keeper_lost(keeper, "at its start");

        if (!killed) {
            keeper_unready(keeper);
        }

    } else if (clock_now() >= keeper->worker.deadline) {
        keeper_pause(keeper);
        keeper_kill(keeper, "not ready in time");
        keeper_unready(keeper);
    }
}


static void
keeper_unready(keeper_t *keeper)
{
    if (++keeper->starts < KEEPER_STARTS) {
        return;
    }

    log_event(&keeper->config->log, LOG_ERROR, "worker %u did not start %u "
              "times in a row, yt-dlp is run for each job", keeper->number,
              keeper->starts);

    keeper_freeze(keeper, "");
}


void
keeper_freeze(keeper_t *keeper, const char *version)
{
    keeper->cold = 1;
    keeper->starts = 0;
    keeper->hold = clock_now() + KEEPER_PAUSE_MAX;
    keeper->program = worker_file(keeper->config->ytdlp_path);

    atomic_store(&keeper->shown->cold, 1);

    if (version[0]) {
        atomic_store(&keeper->shown->version, ytdlp_version_number(version));
    }

    keeper_show(keeper, HEARTBEAT_IDLE);
}


void
keeper_tend(keeper_t *keeper)
{
    const char  *why;

    if (keeper->has_next) {
        keeper_replace(keeper);
        return;
    }

    if (keeper->state != HEARTBEAT_IDLE) {
        return;
    }

    if (!keeper->cold && worker_ended(&keeper->worker)) {
        keeper_lost(keeper, "while idle");
        return;
    }

    why = keeper_why(keeper);

    if (why && worker_spawn(&keeper->next, keeper->config) == VOYO_OK) {
        keeper->has_next = 1;
        atomic_store(&keeper->shown->next, keeper->next.child.pid);

        log_event(&keeper->config->log, LOG_INFO,
                  "worker %u is replaced for its %s", keeper->number, why);
    }
}


/* Why the worker should be replaced, or NULL. */

static const char *
keeper_why(const keeper_t *keeper)
{
    if (keeper->cold
        && keeper->program != worker_file(keeper->config->ytdlp_path))
    {
        return "new yt-dlp";
    }

    if (clock_now() < keeper->hold) {
        return NULL;
    }

    return keeper->cold ? "cold starts" : worker_old(&keeper->worker);
}


static void
keeper_replace(keeper_t *keeper)
{
    int       rc;
    worker_t  next;

    rc = worker_wait(&keeper->next, clock_now());

    if (rc == VOYO_ETIMEOUT && clock_now() < keeper->next.deadline) {
        return;
    }

    keeper->has_next = 0;
    atomic_store(&keeper->shown->next, 0);

    if (rc != VOYO_OK || !keeper->next.ready.ready
        || !ytdlp_version_valid(keeper->next.ready.version))
    {
        log_event(&keeper->config->log, LOG_WARN, "worker %u is kept, its "
                  "replacement cannot be used: %s", keeper->number,
                  keeper->next.words[0] ? keeper->next.words
                  : rc == VOYO_OK ? keeper->next.ready.version
                  : "it was not ready in time");

        worker_kill(&keeper->next);

        keeper->hold = clock_now() + KEEPER_HOLD;

        /* what kept it from starting may soon be over, or last for ever */

        if (keeper->cold) {
            keeper->starts += keeper->starts < KEEPER_DOUBLE;
            keeper->hold = clock_now()
                           + ((int64_t) KEEPER_PAUSE_MAX << keeper->starts);
        }

        keeper->program = worker_file(keeper->config->ytdlp_path);
        return;
    }

    next = keeper->next;

    if (keeper->state != HEARTBEAT_DOWN && !keeper->cold) {
        worker_kill(&keeper->worker);
    }

    keeper_adopt(keeper, &next);

    atomic_fetch_add(&keeper->shown->restarts[HEARTBEAT_REPLACED], 1);

    log_event(&keeper->config->log, LOG_INFO, "worker %u is replaced, yt-dlp "
              "%s", keeper->number, keeper->worker.ready.version);
}


void
keeper_adopt(keeper_t *keeper, const worker_t *worker)
{
    keeper->worker = *worker;
    keeper->cold = 0;
    keeper->starts = 0;

    atomic_store(&keeper->shown->cold, 0);

    keeper_show(keeper, HEARTBEAT_IDLE);
}


void
keeper_busy(keeper_t *keeper)
{
    keeper_show(keeper, HEARTBEAT_BUSY);
}


void
keeper_answered(keeper_t *keeper)
{
    keeper->failures = 0;
    atomic_store(&keeper->shown->failures, 0);
    keeper_show(keeper, HEARTBEAT_IDLE);
}


void
keeper_lost(keeper_t *keeper, const char *when)
{
    if (keeper->cold) {
        log_event(&keeper->config->log, LOG_WARN, "yt-dlp %u ended %s before "
                  "it was finished", keeper->number, when);
        keeper_show(keeper, HEARTBEAT_IDLE);
        return;
    }

    keeper_pause(keeper);

    log_event(&keeper->config->log, LOG_WARN, "worker %u ended %s%s%s, next "
              "start in %lld ms", keeper->number, when,
              keeper->worker.words[0] ? ": " : "", keeper->worker.words,
              (long long) (keeper->pause - clock_now()));

    atomic_fetch_add(&keeper->shown->restarts[HEARTBEAT_ENDED], 1);

    keeper_kill(keeper, NULL);
}


void
keeper_kill(keeper_t *keeper, const char *why)
{
    if (why) {
        log_event(&keeper->config->log, LOG_WARN, "worker %u is killed, %s",
                  keeper->number, why);

        atomic_fetch_add(&keeper->shown->restarts[HEARTBEAT_KILLED], 1);
    }

    if (keeper->state != HEARTBEAT_DOWN && !keeper->cold) {
        worker_kill(&keeper->worker);
    }

    keeper->cold = 0;
    atomic_store(&keeper->shown->cold, 0);
    keeper_show(keeper, HEARTBEAT_DOWN);
}


void
keeper_end(keeper_t *keeper)
{
    keeper_kill(keeper, NULL);

    if (keeper->has_next) {
        worker_kill(&keeper->next);
        keeper->has_next = 0;
        atomic_store(&keeper->shown->next, 0);
    }
}


/*
 * No pause after the first end; after each further one it grows, but tracks
 * must not wait long for a worker when what killed the others is over.
 */

static void
keeper_pause(keeper_t *keeper)
{
    int64_t  pause;

    pause = (int64_t) keeper->failures * KEEPER_PAUSE;

    if (pause < KEEPER_PAUSE_MAX) {
        keeper->failures++;
    }

    keeper->pause = clock_now() + pause;

    atomic_store(&keeper->shown->failures, (int) keeper->failures);
}


static void
keeper_show(keeper_t *keeper, heartbeat_state_t state)
{
    int  there;

    keeper->state = state;
    there = state != HEARTBEAT_DOWN && !keeper->cold;

    atomic_store(&keeper->shown->state, (int) state);
    atomic_store(&keeper->shown->group, there ? keeper->worker.child.pid : 0);
    atomic_store(&keeper->shown->pid, there ? keeper->worker.ready.pid : 0);

    if (there && keeper->worker.ready.ready) {
        atomic_store(&keeper->shown->version,
                     ytdlp_version_number(keeper->worker.ready.version));
        atomic_store(&keeper->shown->configuration,
                     keeper->worker.ready.configuration);
    }
}


static void
keeper_nap(int64_t until)
{
    int64_t  ms;

    ms = until - clock_now();

    if (ms > 0) {
        clock_sleep(ms < KEEPER_NAP ? ms : KEEPER_NAP);
    }
}
