
/*
 * Copyright (C) the VOYO authors
 */


#include "job.h"
#include "choose.h"
#include "outcome.h"
#include "voyo_errno.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>


#define JOB_RENEW      500             /* ms between renewals of the lease */
#define JOB_WAIT       500             /* ms, a look at the stop flag */
#define JOB_HARD       1000            /* ms after the worker's own deadline */
#define JOB_MARGIN     500             /* ms of the time-out for all else */
#define JOB_LEAST      1000            /* ms that make a try worth-while */
#define JOB_BACKOFF    2000            /* ms at most while Redis is gone */
#define JOB_SAVE       5000            /* ms to keep trying to store */

#define JOB_STOPPED    1               /* beside VOYO_OK and VOYO_E… */


/* One job in the works. */

typedef struct {
    store_job_t     popped;
    char            token[STORE_TOKEN_MAX];
    int64_t         generation;        /* of the record that there is */

    int64_t         began;             /* microseconds */
    int64_t         asked;             /* of them waiting for yt-dlp */
    int64_t         end;               /* milliseconds, on worker_now() */
    int64_t         renew;

    ytdlp_profile_t profile;
    voyo_class_t    class;
    ytdlp_answer_t  answer;            /* the last one */
    choose_t        choose;
} job_t;


static int job_next(job_thread_t *thread, job_t *job);
static void job_run(job_thread_t *thread, job_t *job);
static int job_resolve(job_thread_t *thread, job_t *job);
static int job_try(job_thread_t *thread, job_t *job);
static int job_ready(job_thread_t *thread, job_t *job);
static int job_ask(job_thread_t *thread, job_t *job, int64_t ms);
static int job_wait(job_thread_t *thread, job_t *job, int64_t hard);
static int job_tick(job_thread_t *thread, job_t *job);
static voyo_class_t job_judge(job_thread_t *thread, job_t *job);
static int job_falls_back(voyo_class_t class);
static int job_finish(job_thread_t *thread, job_t *job);
static void job_tell(job_thread_t *thread, job_t *job);
static int job_stopping(const job_thread_t *thread);
static void job_sleep(int64_t ms);
static int64_t job_microseconds(void);


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

        if (keeper_ready(&thread->keeper, worker_now() + JOB_WAIT)
            != VOYO_OK)
        {
            continue;
        }

        rc = job_next(thread, &job);

        if (rc == VOYO_EIO) {
            backoff = backoff ? backoff * 2 : 50;
            backoff = backoff > JOB_BACKOFF ? JOB_BACKOFF : backoff;
            job_sleep(backoff);
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


/* VOYO_OK: there is a job and its lease is ours. */

static int
job_next(job_thread_t *thread, job_t *job)
{
    int           rc;
    const char   *reason;
    const log_t  *log;

    log = &thread->config->log;

    memset(job, 0, sizeof(job_t));

    rc = store_pop(thread->store, &job->popped);

    if (rc != VOYO_OK) {
        if (rc == VOYO_EINVAL) {
            log_event(log, LOG_WARN, "a job that is no track is dropped");
        }

        return rc;
    }

    job->began = job_microseconds();

    if (job_stopping(thread)) {
        return store_return(thread->store, &job->popped) == VOYO_OK
               ? VOYO_ETIMEOUT : VOYO_EIO;
    }

    snprintf(job->token, sizeof(job->token), "%s/%u/%u",
             thread->config->name, thread->index, ++thread->job);

    rc = store_take(thread->store, &job->popped, job->token,
                    &job->generation, &reason);

    if (rc == 0) {
        log_event(log, LOG_INFO, "track \"%s\" is not resolved, %s",
                  job->popped.id, reason);
        return VOYO_ETIMEOUT;
    }

    return rc == 1 ? VOYO_OK : rc;
}


static void
job_run(job_thread_t *thread, job_t *job)
{
    int  rc;

    job->renew = worker_now() + JOB_RENEW;
    job->end = worker_now() + thread->config->resolve_timeout - JOB_MARGIN;

    rc = job_resolve(thread, job);

    if (rc == JOB_STOPPED) {
        (void) store_finish(thread->store, job->popped.id, job->token,
                            "drop", "", 0, 0, 0);

        log_event(&thread->config->log, LOG_NOTICE, "track \"%s\" is given "
                  "back, the resolver stops", job->popped.id);

    } else if (job_finish(thread, job) == VOYO_OK) {
        job_tell(thread, job);
    }

    ytdlp_answer_free(&job->answer);
}


/* The fast profile first, the full one where that may know more: Y8. */

static int
job_resolve(job_thread_t *thread, job_t *job)
{
    int           rc;
    voyo_class_t  fast;

    job->profile = YTDLP_FAST;

    rc = job_try(thread, job);

    if (rc != VOYO_OK || job->profile == YTDLP_FULL
        || !job_falls_back(job->class)
        || job->end - worker_now() < JOB_LEAST)
    {
        return rc;
    }

    fast = job->class;
    job->profile = YTDLP_FULL;

    rc = job_try(thread, job);

    /* what went wrong on the way says nothing of the track */

    if (job->class == VOYO_CLASS_TIMEOUT || job->class == VOYO_CLASS_NETWORK
        || job->class == VOYO_CLASS_TLS || job->class == VOYO_CLASS_INTERNAL)
    {
        job->class = fast;
    }

    return rc;
}


/* Once more on a fresh worker, when the first one died of it. */

static int
job_try(job_thread_t *thread, job_t *job)
{
    int      rc, lost;
    int64_t  left, began;

    for (lost = 0; /* void */ ; lost = 1) {

        rc = job_ready(thread, job);

        if (rc == JOB_STOPPED) {
            return rc;
        }

        left = job->end - worker_now();

        if (rc != VOYO_OK || left <= 0) {
            job->class = lost ? VOYO_CLASS_INTERNAL : VOYO_CLASS_TIMEOUT;
            return VOYO_OK;
        }

        if (!thread->keeper.worker.ready.fast) {
            job->profile = YTDLP_FULL;
        }

        began = job_microseconds();
        rc = job_ask(thread, job, left);
        job->asked += job_microseconds() - began;

        if (rc == VOYO_EIO) {
            keeper_lost(&thread->keeper, "in a job");

            if (!lost && job->end - worker_now() >= JOB_LEAST) {
                continue;
            }

            job->class = VOYO_CLASS_INTERNAL;
            return VOYO_OK;
        }

        if (rc == VOYO_ETIMEOUT) {
            keeper_kill(&thread->keeper, "it missed its deadline");
            job->class = VOYO_CLASS_TIMEOUT;
            return VOYO_OK;
        }

        if (rc == JOB_STOPPED) {
            keeper_kill(&thread->keeper, NULL);
            return rc;
        }

        keeper_answered(&thread->keeper);

        job->class = job_judge(thread, job);

        /* it was interrupted anywhere: what it holds may be half done */

        if (job->answer.deadline) {
            keeper_kill(&thread->keeper, "it gave up at its deadline");
        }

        return VOYO_OK;
    }
}


static int
job_ready(job_thread_t *thread, job_t *job)
{
    int      rc;
    int64_t  until;

    for ( ;; ) {

        until = worker_now() + JOB_WAIT;
        until = until < job->end ? until : job->end;

        rc = keeper_ready(&thread->keeper, until);

        if (rc == VOYO_OK) {
            return VOYO_OK;
        }

        if (job_tick(thread, job) == JOB_STOPPED) {
            return JOB_STOPPED;
        }

        if (worker_now() >= job->end) {
            return VOYO_ETIMEOUT;
        }
    }
}


static int
job_ask(job_thread_t *thread, job_t *job, int64_t ms)
{
    int      rc;
    char     line[YTDLP_REQUEST_MAX];
    size_t   len;
    int64_t  hard;

    len = ytdlp_request(line, thread->job, job->popped.id, job->profile, ms);
    hard = worker_now() + ms + JOB_HARD;

    keeper_busy(&thread->keeper);

    rc = worker_write(&thread->keeper.worker, line, len);

    return rc == VOYO_OK ? job_wait(thread, job, hard) : rc;
}


static int
job_wait(job_thread_t *thread, job_t *job, int64_t hard)
{
    int      rc;
    char    *line;
    size_t   len;
    int64_t  until;

    ytdlp_answer_free(&job->answer);

    for ( ;; ) {

        until = job->renew < hard ? job->renew : hard;

        rc = worker_read(&thread->keeper.worker, until, &line, &len);

        if (rc == VOYO_OK) {

            if (ytdlp_answer(&job->answer, line, len) != VOYO_OK) {
                continue;
            }

            if (job->answer.job == thread->job) {
                return VOYO_OK;
            }

            ytdlp_answer_free(&job->answer);
            continue;
        }

        if (rc != VOYO_ETIMEOUT || worker_now() >= hard) {
            return rc;
        }

        if (job_tick(thread, job) == JOB_STOPPED) {
            return JOB_STOPPED;
        }
    }
}


/* What has to be done while waiting: the lease, and a look at the flag. */

static int
job_tick(job_thread_t *thread, job_t *job)
{
    if (job_stopping(thread)
        && worker_now() >= atomic_load(&thread->stop->until))
    {
        return JOB_STOPPED;
    }

    if (worker_now() >= job->renew) {

        /* a lost lease changes nothing here: the finish will tell */

        (void) store_renew(thread->store, job->popped.id, job->token);

        job->renew = worker_now() + JOB_RENEW;
    }

    return VOYO_OK;
}


static voyo_class_t
job_judge(job_thread_t *thread, job_t *job)
{
    voyo_class_t     class;
    ytdlp_answer_t  *answer;

    answer = &job->answer;

    if (answer->deadline) {
        return VOYO_CLASS_TIMEOUT;
    }

    if (answer->info) {
        class = choose_record(&job->choose, answer->info, job->popped.id,
                              thread->config->tolerance,
                              (int64_t) time(NULL));

        if (class != VOYO_CLASS_NO_FORMATS) {
            return class;
        }
    }

    return classify_text(thread->classify, answer->text, answer->len);
}


static int
job_falls_back(voyo_class_t class)
{
    switch (class) {

    case VOYO_CLASS_NO_FORMATS:
    case VOYO_CLASS_NO_AUDIO:
    case VOYO_CLASS_UNAVAILABLE:
    case VOYO_CLASS_EXTRACTOR:
    case VOYO_CLASS_FORBIDDEN:
    case VOYO_CLASS_BOT_CHECK:
    case VOYO_CLASS_AGE_RESTRICTED:
        return 1;

    default:
        return 0;
    }
}


static int
job_finish(job_thread_t *thread, job_t *job)
{
    int         rc;
    char       *json;
    size_t      len;
    int64_t     life, until;

    json = outcome_json(&job->choose, job->popped.id, &job->class,
                        job_microseconds() / 1000, job->generation, &len,
                        &life);

    if (json == NULL) {
        abort();
    }

    until = worker_now() + JOB_SAVE;

    for ( ;; ) {

        rc = store_finish(thread->store, job->popped.id, job->token,
                          job->class == VOYO_CLASS_NONE ? "record" : "failure",
                          json, len, life, job->choose.record.generation);

        if (rc >= 0 || worker_now() >= until || job_stopping(thread)) {
            break;
        }

        job_sleep(200);
    }

    free(json);

    if (rc == 0) {
        log_event(&thread->config->log, LOG_WARN, "track \"%s\" was resolved "
                  "by another in the meantime", job->popped.id);

    } else if (rc < 0) {
        log_event(&thread->config->log, LOG_ERROR, "track \"%s\" is resolved "
                  "in vain, it can't be stored", job->popped.id);
    }

    return rc == 1 ? VOYO_OK : VOYO_EIO;
}


static void
job_tell(job_thread_t *thread, job_t *job)
{
    int                       len;
    double                    all, own;
    const char               *end;
    log_level_t               level;
    heartbeat_t              *heartbeat;
    const voyo_class_info_t  *info;

    heartbeat = thread->heartbeat;
    all = (double) (job_microseconds() - job->began) / 1000;
    own = all - (double) job->asked / 1000;

    if (job->class == VOYO_CLASS_NONE) {
        atomic_fetch_add(&heartbeat->ok, 1);
        atomic_store(&heartbeat->last_success, (long long) time(NULL));

        log_event(&thread->config->log, LOG_INFO, "track \"%s\" is resolved "
                  "in %.1f ms, %.2f of them our own, %u formats, profile %s",
                  job->popped.id, all, own, job->choose.record.nformats,
                  ytdlp_profile_name(job->profile));
        return;
    }

    atomic_fetch_add(&heartbeat->failed[job->class], 1);

    info = voyo_class_info(job->class);
    level = info->status == 404 || info->permanent ? LOG_INFO : LOG_WARN;

    len = 0;

    if (job->answer.text) {
        end = strchr(job->answer.text, '\n');
        len = end ? (int) (end - job->answer.text) : 0;
        len = len > 300 ? 300 : len;
    }

    log_event(&thread->config->log, level, "track \"%s\" can't be resolved, "
              "%s, after %.1f ms, kept for %u s, profile %s%s%.*s",
              job->popped.id, info->name, all,
              job->choose.record.retry_after,
              ytdlp_profile_name(job->profile), len ? ": " : "", len,
              len ? job->answer.text : "");
}


static int
job_stopping(const job_thread_t *thread)
{
    return atomic_load(&thread->stop->stopping);
}


static void
job_sleep(int64_t ms)
{
    struct timespec  ts;

    ts.tv_sec = ms / 1000;
    ts.tv_nsec = ms % 1000 * 1000000;

    nanosleep(&ts, NULL);
}


/* Unix time, microseconds. */

static int64_t
job_microseconds(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_REALTIME, &ts);

    return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}
