
/*
 * Copyright (C) the VOYO authors
 */


#include "clock.h"
#include "job.h"
#include "lease.h"
#include "outcome.h"
#include "proof.h"
#include "query.h"
#include "resolve.h"
#include "voyo_errno.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>


#define JOB_MARGIN     500             /* ms of the timeout for all else */
#define JOB_BACKOFF    500             /* ms at most while Redis is down */
#define JOB_SAVE       5000            /* ms to keep trying to store */
#define JOB_CANARY     60000           /* ms until the next, if it was leased */


static int job_next(job_thread_t *thread, job_t *job);
static int job_take(job_thread_t *thread, job_t *job);
static int job_canary_due(job_thread_t *thread, job_t *job);
static void job_canary_done(job_thread_t *thread, const job_t *job);
static void job_run(job_thread_t *thread, job_t *job);
static void job_end(job_thread_t *thread, job_t *job);
static void job_prove(job_thread_t *thread, job_t *job);
static void job_drop(job_thread_t *thread, job_t *job, const char *why);
static int job_finish(job_thread_t *thread, job_t *job);
static void job_tell(job_thread_t *thread, job_t *job);
static void job_tell_failed(job_thread_t *thread, job_t *job, double all);
static int job_stopping(const job_thread_t *thread);


void *
job_thread(void *data)
{
    int            rc;
    job_t          job;
    int64_t        backoff;
    job_thread_t  *thread;

    thread = data;
    backoff = 0;

    while (!job_stopping(thread)) {

        keeper_tend(&thread->keeper);

        if (keeper_ready(&thread->keeper, clock_now() + JOB_WAIT)
            != VOYO_OK)
        {
            continue;
        }

        rc = job_next(thread, &job);

        if (rc == VOYO_EIO) {
            backoff = backoff ? backoff * 2 : 50;
            backoff = backoff > JOB_BACKOFF ? JOB_BACKOFF : backoff;
            clock_sleep(backoff);
            continue;
        }

        backoff = 0;

        if (rc == VOYO_OK) {
            job_run(thread, &job);
        }
    }

    keeper_end(&thread->keeper);

    return NULL;
}


/* VOYO_OK: there is a job, and its lease was taken. */

static int
job_next(job_thread_t *thread, job_t *job)
{
    int  rc;

    memset(job, 0, sizeof(job_t));

    if (job_canary_due(thread, job)) {
        return job_take(thread, job);
    }

    /* of several, the last is always free soon for who listens */

    rc = store_pop(thread->store, &job->popped,
                   thread->index > 0
                   && thread->index == thread->heartbeat->nworkers - 1);

    if (rc == VOYO_EINVAL) {
        log_event(&thread->config->log, LOG_WARN,
                  "a job that is not a track id is dropped");
    }

    if (rc != VOYO_OK) {
        return rc;
    }

    if (job_stopping(thread)) {
        return store_return(thread->store, &job->popped) == VOYO_OK
               ? VOYO_ETIMEOUT : VOYO_EIO;
    }

    return job_take(thread, job);
}


static int
job_take(job_thread_t *thread, job_t *job)
{
    int          rc;
    const char  *reason;

    job->began = clock_microseconds();
    job->asked = 0;

    snprintf(job->token, sizeof(job->token), "%s/%u/%u",
             thread->config->instance, thread->index, ++thread->job);

    rc = store_take(thread->store, &job->popped, job->token,
                    &job->generation, &reason);

    if (rc == 0) {
        log_event(&thread->config->log, LOG_INFO, "track \"%s\" is not "
                  "resolved, %s", job->popped.id, reason);
        return VOYO_ETIMEOUT;
    }

    if (rc != 1) {
        return rc;
    }

    lease_begin(job);

    return VOYO_OK;
}


/* The first thread resolves a track periodically as a self-test. */

static int
job_canary_due(job_thread_t *thread, job_t *job)
{
    if (thread->index || thread->config->canary[0] == '\0'
        || clock_now() < thread->canary)
    {
        return 0;
    }

    thread->canary = clock_now() + JOB_CANARY;

    strcpy(job->popped.id, thread->config->canary);
    strcpy(job->popped.score, "0");
    job->popped.lane = STORE_OWN;

    return 1;
}


static void
job_canary_done(job_thread_t *thread, const job_t *job)
{
    thread->canary = clock_now()
                     + (int64_t) thread->config->canary_every * 60000;

    atomic_store(&thread->heartbeat->canary, (int) job->class);
    atomic_store(&thread->heartbeat->canary_at, (long long) time(NULL));
}


static void
job_run(job_thread_t *thread, job_t *job)
{
    int64_t  margin;

    margin = thread->config->resolve_timeout / 4;
    margin = margin < JOB_MARGIN ? margin : JOB_MARGIN;

    job->end = clock_now() + thread->config->resolve_timeout - margin;

    if (resolve_track(thread, job) == JOB_STOPPED) {
        job_drop(thread, job, "the resolver stops");

    } else {
        job_end(thread, job);
    }

    ytdlp_answer_free(&job->answer);
}


static void
job_end(job_thread_t *thread, job_t *job)
{
    if (job->popped.lane == STORE_OWN) {
        job_canary_done(thread, job);
    }

    if (job_finish(thread, job) != VOYO_OK) {
        return;
    }

    job_tell(thread, job);

    if (job->class == VOYO_CLASS_NONE && !job_stopping(thread)) {
        job_prove(thread, job);
    }
}


/*
 * Runs after the record was stored: a client plays the beginning while the last
 * byte is tested, and a better record arrives before it needs the end.
 */

static void
job_prove(job_thread_t *thread, job_t *job)
{
    int  rc;

    if (proof_try(thread, job) != PROOF_REFUSED
        || job->profile == YTDLP_FULL || !resolve_has_full(thread))
    {
        return;
    }

    job->popped.lane = STORE_OWN;

    if (job_take(thread, job) != VOYO_OK) {
        return;
    }

    job->end = clock_now() + thread->config->resolve_timeout;

    rc = resolve_again(thread, job);

    /* part of a track is better than none, and the address is not blocked */

    if (rc != VOYO_OK || job->class != VOYO_CLASS_NONE) {
        job_drop(thread, job, "the record with the refused URL is kept");

    } else if (job_finish(thread, job) == VOYO_OK) {
        job_tell(thread, job);
        (void) proof_try(thread, job);
    }
}


static void
job_drop(job_thread_t *thread, job_t *job, const char *why)
{
    (void) store_finish(thread->store, job->popped.id, job->token, NULL);

    job->leased = 0;

    log_event(&thread->config->log, LOG_NOTICE, "track \"%s\" is released, "
              "%s", job->popped.id, why);
}


static int
job_finish(job_thread_t *thread, job_t *job)
{
    int           rc;
    char         *json, address[INET6_ADDRSTRLEN];
    int64_t       until;
    store_end_t   end;

    ytdlp_met(job->met, atomic_load(&thread->keeper.shown->version),
              atomic_load(&thread->keeper.shown->configuration));

    job->choose.record.met = job->met;

    json = outcome_json(&job->choose, job->popped.id, &job->class,
                        job->unconfirmed, (int64_t) time(NULL),
                        job->generation, &end.len, &end.life);

    if (json == NULL) {
        abort();
    }

    end.json = json;
    end.met = job->met;
    end.address = address;
    end.generation = job->generation;
    end.class = job->class;

    /* docs/upstream.md, G7 */

    if (job->class != VOYO_CLASS_NONE
        || query_get(job->choose.record.sources[0].url, "ip", address,
                     sizeof(address))
           < 0)
    {
        address[0] = '\0';
    }

    until = clock_now() + JOB_SAVE;

    for ( ;; ) {

        rc = store_finish(thread->store, job->popped.id, job->token, &end);

        if (rc >= 0 || clock_now() >= until || job_stopping(thread)) {
            break;
        }

        clock_sleep(200);
    }

    free(json);

    job->leased = 0;

    if (rc == 0) {
        log_event(&thread->config->log, LOG_WARN, "track \"%s\" is not "
                  "stored, it was resolved by another resolver or taken down "
                  "meanwhile", job->popped.id);

    } else if (rc < 0) {
        log_event(&thread->config->log, LOG_ERROR, "track \"%s\" is resolved "
                  "but cannot be stored", job->popped.id);
    }

    return rc == 1 ? VOYO_OK : VOYO_EIO;
}


static void
job_tell(job_thread_t *thread, job_t *job)
{
    int64_t       took;
    double        all, own;
    heartbeat_t  *heartbeat;

    heartbeat = thread->heartbeat;
    took = clock_microseconds() - job->began;
    all = (double) took / 1000;
    own = (double) (took - job->asked) / 1000;

    quantile_add(&heartbeat->latency, took);
    quantile_add(&heartbeat->own, took - job->asked);

    heartbeat_ended(heartbeat, job->popped.id, job->class);

    if (job->class != VOYO_CLASS_NONE) {
        job_tell_failed(thread, job, all);
        return;
    }

    log_event(&thread->config->log, LOG_INFO, "track \"%s\" is resolved "
              "in %.1f ms, %.2f ms without yt-dlp, %u formats, profile "
              "%s%s%s%s",
              job->popped.id, all, own, job->choose.record.nformats,
              ytdlp_profile_name(job->profile),
              thread->keeper.cold ? ", cold" : "",
              job->popped.request[0] ? ", request " : "",
              job->popped.request);
}


static void
job_tell_failed(job_thread_t *thread, job_t *job, double all)
{
    int                       len;
    const char               *why;
    log_level_t               level;
    const voyo_class_info_t  *info;

    info = voyo_class_info(job->class);
    level = info->status == 404 || info->permanent ? LOG_INFO : LOG_WARN;

    why = job->choose.why ? job->choose.why
          : job->answer.text ? job->answer.text + job->line : NULL;
    len = why ? (int) strcspn(why, "\n") : 0;
    len = len > 300 ? 300 : len;

    log_event(&thread->config->log, level, "track \"%s\" cannot be resolved, "
              "%s, after %.1f ms, %s for %u s, profile %s%s%s%s%.*s",
              job->popped.id, info->name, all,
              info->global ? "nothing is resolved"
              : job->unconfirmed ? "unconfirmed, kept" : "kept",
              job->choose.record.retry_after,
              ytdlp_profile_name(job->profile),
              job->popped.request[0] ? ", request " : "",
              job->popped.request, len ? ": " : "", len,
              len ? why : "");
}


static int
job_stopping(const job_thread_t *thread)
{
    return atomic_load(&thread->stop->stopping);
}
