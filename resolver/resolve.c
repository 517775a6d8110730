
/*
 * Copyright (C) the VOYO authors
 */


#include "ask.h"
#include "clock.h"
#include "cold.h"
#include "lease.h"
#include "resolve.h"
#include "voyo_errno.h"

#include <time.h>


#define RESOLVE_LEAST    1000          /* ms that make an attempt worthwhile */
#define RESOLVE_PREFER   600000        /* ms to prefer another profile */


static int resolve_next(job_thread_t *thread, job_t *job);
static int resolve_may(job_thread_t *thread, job_t *job,
    ytdlp_profile_t profile);
static int resolve_doubted(const job_thread_t *thread, const job_t *job);
static int resolve_falls_back(voyo_class_t class);
static int resolve_says_less(voyo_class_t class, voyo_class_t before);
static void resolve_prefer(job_thread_t *thread, ytdlp_profile_t profile,
    const char *why);
static void resolve_unprefer(job_thread_t *thread);
static int resolve_try(job_thread_t *thread, job_t *job);
static int resolve_end(job_thread_t *thread, job_t *job, int rc);
static int resolve_ready(job_thread_t *thread, job_t *job);
static int resolve_ask(job_thread_t *thread, job_t *job, int64_t ms);
static int resolve_cold(job_thread_t *thread, job_t *job, int64_t ms);
static voyo_class_t resolve_judge(job_thread_t *thread, job_t *job);
static int64_t resolve_least(const job_thread_t *thread);


int
resolve_track(job_thread_t *thread, job_t *job)
{
    int           rc;
    voyo_class_t  before, full;
    heartbeat_t  *heartbeat;

    heartbeat = thread->heartbeat;

    job->profile = YTDLP_FAST;

    if (clock_now() < atomic_load(&heartbeat->profile_until)) {
        job->profile = (ytdlp_profile_t) atomic_load(&heartbeat->profile);
        job->preferred = job->profile == YTDLP_FULL;
    }

    before = VOYO_CLASS_NONE;
    full = VOYO_CLASS_NONE;

    do {
        rc = resolve_try(thread, job);

        if (job->profile == YTDLP_FULL || !resolve_has_full(thread)) {
            job->full |= job->profile == YTDLP_FULL;
            full = job->class;
        }

        if (resolve_says_less(job->class, before)) {
            job->class = before;
        }

        before = job->class;

    } while (rc == VOYO_OK && resolve_next(thread, job));

    job->unconfirmed = resolve_doubted(thread, job)
                       || (job->class != full
                           && resolve_falls_back(job->class));

    if (rc != VOYO_OK || job->class != VOYO_CLASS_NONE) {
        return rc;
    }

    if (job->doubted) {
        resolve_prefer(thread, job->profile, "many unavailable tracks");

    } else if (job->full && job->profile == YTDLP_FAST) {
        resolve_unprefer(thread);
    }

    return rc;
}


/* Whether to try again; selects the profile. */

static int
resolve_next(job_thread_t *thread, job_t *job)
{
    if (!resolve_falls_back(job->class)
        || job->end - clock_now() < resolve_least(thread))
    {
        return 0;
    }

    if (job->preferred) {

        /* all start with the full one, which may be the cause */

        job->preferred = 0;

        return resolve_may(thread, job, YTDLP_FAST);
    }

    if (job->class == VOYO_CLASS_BOT_CHECK && !job->full) {

        if (job->profile == YTDLP_VISITOR
            || !resolve_may(thread, job, YTDLP_VISITOR))
        {
            return 0;
        }

        resolve_prefer(thread, job->profile, "a bot check");

        return 1;
    }

    if (!job->full && resolve_has_full(thread)) {
        return resolve_may(thread, job, YTDLP_FULL);
    }

    if (!resolve_doubted(thread, job) || job->doubted
        || !thread->keeper.worker.ready.fast)
    {
        return 0;
    }

    job->doubted = 1;

    return resolve_may(thread, job, YTDLP_VISITOR);
}


int
resolve_has_full(const job_thread_t *thread)
{
    return thread->keeper.cold || thread->keeper.worker.ready.full;
}


/* If every track is unavailable, the client is probably the cause. */

static int
resolve_doubted(const job_thread_t *thread, const job_t *job)
{
    return job->class == VOYO_CLASS_UNAVAILABLE
           && atomic_load(&thread->heartbeat->doubt) >= HEARTBEAT_DOUBT;
}


/*
 * A further extraction counts like the first one, and the breaker may have
 * opened meanwhile.  Without Redis that is unknown.
 */

static int
resolve_may(job_thread_t *thread, job_t *job, ytdlp_profile_t profile)
{
    if (thread->store
        && store_again(thread->store, job->popped.id, job->token,
                       ytdlp_profile_name(profile))
           == 0)
    {
        return 0;
    }

    job->profile = profile;

    return 1;
}


static int
resolve_falls_back(voyo_class_t class)
{
    switch (class) {

    case VOYO_CLASS_NO_FORMATS:
    case VOYO_CLASS_NO_AUDIO:
    case VOYO_CLASS_UNAVAILABLE:
    case VOYO_CLASS_CLIENT_REFUSED:
    case VOYO_CLASS_EXTRACTOR:
    case VOYO_CLASS_FORBIDDEN:
    case VOYO_CLASS_BOT_CHECK:
    case VOYO_CLASS_AGE_RESTRICTED:
        return 1;

    default:
        return 0;
    }
}


/*
 * Whether "class" is less precise than "before": failures of the exchange do
 * not concern the track.  Nor does a global refusal, and after a result for the
 * track it does not mean that the address is blocked.
 */

static int
resolve_says_less(voyo_class_t class, voyo_class_t before)
{
    if (before == VOYO_CLASS_NONE) {
        return 0;
    }

    return class == VOYO_CLASS_TIMEOUT || class == VOYO_CLASS_NETWORK
           || class == VOYO_CLASS_TLS || class == VOYO_CLASS_INTERNAL
           || (voyo_class_info(class)->global
               && voyo_class_info(before)->status < 500);
}


/* All threads start with this profile for a while. */

static void
resolve_prefer(job_thread_t *thread, ytdlp_profile_t profile, const char *why)
{
    atomic_store(&thread->heartbeat->profile, (int) profile);
    atomic_store(&thread->heartbeat->profile_until,
                 clock_now() + RESOLVE_PREFER);

    log_event(&thread->config->log, LOG_NOTICE, "after %s the profile is "
              "\"%s\" for %d minutes", why, ytdlp_profile_name(profile),
              RESOLVE_PREFER / 60000);
}


static void
resolve_unprefer(job_thread_t *thread)
{
    atomic_store(&thread->heartbeat->profile_until, 0);

    log_event(&thread->config->log, LOG_NOTICE, "profile \"%s\" is not "
              "preferred any more, \"%s\" has found more",
              ytdlp_profile_name(YTDLP_FULL), ytdlp_profile_name(YTDLP_FAST));
}


int
resolve_again(job_thread_t *thread, job_t *job)
{
    int  rc;

    job->profile = YTDLP_FULL;

    rc = resolve_try(thread, job);

    if (rc == VOYO_OK && job->class == VOYO_CLASS_NONE) {
        resolve_prefer(thread, job->profile, "a refused tail");
    }

    return rc;
}


/* Retries once on a new worker if the first one died. */

static int
resolve_try(job_thread_t *thread, job_t *job)
{
    int      rc, lost;
    int64_t  left, began;

    for (lost = 0; /* void */ ; lost = 1) {

        rc = resolve_ready(thread, job);

        if (rc == JOB_STOPPED) {
            return rc;
        }

        left = job->end - clock_now();

        if (rc != VOYO_OK || left <= 0) {
            job->class = lost ? VOYO_CLASS_INTERNAL : VOYO_CLASS_TIMEOUT;
            return VOYO_OK;
        }

        began = clock_microseconds();

        rc = thread->keeper.cold ? resolve_cold(thread, job, left)
                                 : resolve_ask(thread, job, left);

        job->asked += clock_microseconds() - began;

        if (rc == VOYO_EIO && !lost
            && job->end - clock_now() >= resolve_least(thread))
        {
            keeper_lost(&thread->keeper, "in a job");
            continue;
        }

        return resolve_end(thread, job, rc);
    }
}


static int
resolve_end(job_thread_t *thread, job_t *job, int rc)
{
    if (rc != VOYO_OK) {
        return ask_failed(thread, job, rc);
    }

    keeper_answered(&thread->keeper);

    job->class = resolve_judge(thread, job);

    /* it was interrupted at an arbitrary place: its state may be broken */

    if (job->answer.deadline && !thread->keeper.cold) {
        keeper_kill(&thread->keeper, "it gave up at its deadline");
    }

    return VOYO_OK;
}


static int
resolve_ready(job_thread_t *thread, job_t *job)
{
    int      rc;
    int64_t  until;

    for ( ;; ) {

        until = clock_now() + JOB_WAIT;
        until = until < job->end ? until : job->end;

        rc = keeper_ready(&thread->keeper, until);

        if (rc == VOYO_OK) {
            return VOYO_OK;
        }

        if (lease_tick(thread, job) == JOB_STOPPED) {
            return JOB_STOPPED;
        }

        if (clock_now() >= job->end) {
            return VOYO_ETIMEOUT;
        }
    }
}


static int
resolve_ask(job_thread_t *thread, job_t *job, int64_t ms)
{
    char    line[YTDLP_REQUEST_MAX];
    size_t  len;

    if (!thread->keeper.worker.ready.fast) {
        job->profile = YTDLP_FULL;
    }

    thread->keeper.worker.jobs++;

    len = ytdlp_request(line, ++thread->question, job->popped.id,
                        job->profile, ms);

    return ask(thread, job, line, len, ms);
}


static int
resolve_cold(job_thread_t *thread, job_t *job, int64_t ms)
{
    int      rc;
    cold_t   cold;
    int64_t  until, hard;

    ytdlp_answer_free(&job->answer);

    if (thread->config->own_client) {
        job->profile = YTDLP_FULL;
    }

    if (cold_spawn(&cold, thread->config, job->popped.id, job->profile)
        != VOYO_OK)
    {
        return VOYO_EIO;
    }

    keeper_busy(&thread->keeper);
    atomic_store(&thread->keeper.shown->group, cold.child.pid);

    hard = clock_now() + ms;

    do {
        until = job->renew < hard ? job->renew : hard;

        rc = cold_wait(&cold, until);

        if (rc == VOYO_ETIMEOUT && lease_tick(thread, job) == JOB_STOPPED) {
            rc = JOB_STOPPED;
        }

    } while (rc == VOYO_ETIMEOUT && clock_now() < hard);

    if (rc == VOYO_OK) {
        ytdlp_cold(&job->answer, job->popped.id, cold.output, cold.used,
                   cold.errors, cold.nerrors);
    }

    cold_kill(&cold);
    atomic_store(&thread->keeper.shown->group, 0);

    /* it has already ended, so there is nothing to kill */

    if (rc == VOYO_ETIMEOUT) {
        job->answer.deadline = 1;
        rc = VOYO_OK;
    }

    return rc;
}


static voyo_class_t
resolve_judge(job_thread_t *thread, job_t *job)
{
    int              known;
    int64_t          now;
    voyo_class_t     class;
    ytdlp_answer_t  *answer;

    answer = &job->answer;
    job->line = 0;

    if (answer->deadline) {
        return VOYO_CLASS_TIMEOUT;
    }

    now = (int64_t) time(NULL);

    if (answer->info) {
        class = choose_record(&job->choose, answer->info, job->popped.id,
                              thread->config->tolerance, now);

        if (class != VOYO_CLASS_NO_FORMATS || answer->len == 0) {
            return class;
        }
    }

    class = classify_text(thread->classify, answer->text, answer->len,
                          &known, &job->line);

    if (!known
        && unknown_text(&thread->heartbeat->unknown, answer->text,
                        answer->len, job->popped.id, now))
    {
        /* the error first: the line may be too short for the warnings */

        log_event(&thread->config->log, LOG_WARN, "track \"%s\" failed with "
                  "an unknown text: %s%.*s", job->popped.id,
                  answer->text + answer->error, (int) answer->error,
                  answer->text);
    }

    return class;
}


/* RESOLVE_LEAST, or a fraction of the resolve timeout if that is short. */

static int64_t
resolve_least(const job_thread_t *thread)
{
    int64_t  least;

    least = thread->config->resolve_timeout / 4;

    return least < RESOLVE_LEAST ? least : RESOLVE_LEAST;
}
