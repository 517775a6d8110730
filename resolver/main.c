
/*
 * Copyright (C) the VOYO authors
 */


#include "clock.h"
#include "classify.h"
#include "config.h"
#include "first.h"
#include "heartbeat.h"
#include "job.h"
#include "proof.h"
#include "redis.h"
#include "relay.h"
#include "resolve.h"
#include "store.h"
#include "voyo_errno.h"
#include "voyo_version.h"
#include "worker.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>


#define MAIN_REDIS   500               /* ms for a reply, in this thread */
#define THREAD_REDIS 3000              /* in the others, which wait for jobs */
#define MAIN_JOIN    600               /* ms for the threads after JOB_GRACE */
#define MAIN_AGAIN   250               /* ms after a failed heartbeat */
#define MAIN_FADE    1200              /* heartbeats: half-life of latencies */


/* The threads, and everything they share. */

typedef struct {
    config_t        config;
    classify_t     *classify;
    redis_shared_t  redis;
    heartbeat_t     heartbeat;
    job_stop_t      stop;
    store_t        *store;             /* the main thread's */
    job_thread_t    threads[CONFIG_WORKERS_MAX];
    pthread_t       ids[CONFIG_WORKERS_MAX];
    first_t         first;
    unsigned        beats;
} main_t;


static int main_check(main_t *resolver);
static int main_refused(const char *error);
static const char *main_javascript(const main_t *resolver);
static int main_prove(main_t *resolver);
static int main_start(main_t *resolver);
static void main_thread(main_t *resolver, unsigned i);
static int main_beat(main_t *resolver);
static int main_stop(main_t *resolver);
static int main_join(pthread_t id, int64_t until);
static void main_kill(int group);
static void main_free(main_t *resolver);
static void main_usage(FILE *file);
static void main_descriptors(void);
static void main_signals(sigset_t *signals);


int
main(int argc, char *argv[])
{
    int               rc, check, prove, settings;
    main_t           *resolver;
    sigset_t          signals;
    struct timespec   every = { 0, HEARTBEAT_EVERY * 1000000 };
    struct timespec   again = { 0, MAIN_AGAIN * 1000000 };

    if (argc == 3 && strcmp(argv[1], "--relay") == 0) {
        relay_run(argv[2]);
        return 0;
    }

    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("voyo-resolver " VOYO_VERSION);
        return 0;
    }

    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        main_usage(stdout);
        return 0;
    }

    check = argc == 2 && strcmp(argv[1], "--check") == 0;
    prove = argc == 2 && strcmp(argv[1], "--prove") == 0;
    settings = argc == 2 && strcmp(argv[1], "--settings") == 0;

    if (argc > 1 && !check && !prove && !settings) {
        main_usage(stderr);
        return 2;
    }

    main_descriptors();
    main_signals(&signals);

    resolver = calloc(1, sizeof(main_t));

    if (resolver == NULL) {
        return 1;
    }

    rc = config_read(&resolver->config);

    if (rc != VOYO_OK || settings) {
        main_free(resolver);
        return rc != VOYO_OK ? 2 : 0;
    }

    resolver->redis.config = &resolver->config;

    if (check || prove) {
        rc = check ? main_check(resolver) : main_prove(resolver);
        main_free(resolver);
        return rc;
    }

    rc = first_start(&resolver->first, &resolver->config);

    if (rc != VOYO_OK) {
        main_free(resolver);
        return rc == VOYO_EINVAL ? 2 : 1;
    }

    if (main_start(resolver) != VOYO_OK) {
        worker_kill(&resolver->first.worker);
        main_free(resolver);
        return 1;
    }

    do {
        rc = main_beat(resolver);
        rc = sigtimedwait(&signals, NULL, rc == VOYO_OK ? &every : &again);
    } while (rc < 0);

    log_event(&resolver->config.log, LOG_NOTICE, "stopping on signal %d", rc);

    return main_stop(resolver);
}


/*
 * Tests whether the resolver can start.  Returns an exit status: 2 if a setting
 * is wrong, 3 if only Redis is not available yet, 1 for anything else.
 */

static int
main_check(main_t *resolver)
{
    int           rc, failed;
    const char   *error;
    const log_t  *log;

    log = &resolver->config.log;
    failed = 0;

    resolver->redis.state = -2;        /* errors are logged here */
    resolver->store = store_create(&resolver->redis, THREAD_REDIS);

    if (resolver->store == NULL) {
        return 1;
    }

    if (store_ping(resolver->store, &error) != VOYO_OK) {
        log_event(log, LOG_ERROR, "redis cannot be used: %s", error);
        failed = main_refused(error) ? 2 : 3;
    }

    store_free(resolver->store);

    rc = first_start(&resolver->first, &resolver->config);

    if (rc == VOYO_OK) {
        worker_kill(&resolver->first.worker);

    } else {
        failed = rc == VOYO_EINVAL ? 2 : 1;
    }

    if (!failed) {
        log_event(log, LOG_NOTICE, "redis answers, yt-dlp %s is ready%s, "
                  "JavaScript: %s", resolver->first.version,
                  resolver->first.cold ? ", but cold" : "",
                  main_javascript(resolver));
    }

    return failed;
}


/* Errors that do not pass with time: password, user, database. */

static int
main_refused(const char *error)
{
    return strncmp(error, "ERR ", 4) == 0
           || strncmp(error, "NOAUTH ", 7) == 0
           || strncmp(error, "NOPERM ", 7) == 0
           || strncmp(error, "WRONGPASS ", 10) == 0;
}


/* A yt-dlp that is run for each job looks for a runtime each time. */

static const char *
main_javascript(const main_t *resolver)
{
    return resolver->first.cold ? "unknown"
                                : resolver->first.worker.ready.words;
}


/*
 * Resolves the canary with a worker, without Redis, and tests its URL.  Without
 * the plugin yt-dlp could resolve it too, but only from a cold start.
 */

static int
main_prove(main_t *resolver)
{
    int               rc;
    job_t             job;
    job_thread_t     *thread;
    const log_t      *log;
    proof_t           proof;

    log = &resolver->config.log;

    if (resolver->config.canary[0] == '\0') {
        log_event(log, LOG_ERROR, "VOYO_CANARY is not set");
        return 2;
    }

    resolver->classify = classify_create();

    if (resolver->classify == NULL
        || first_start(&resolver->first, &resolver->config) != VOYO_OK)
    {
        classify_free(resolver->classify);
        return 1;
    }

    if (resolver->first.cold) {
        log_event(log, LOG_ERROR, "yt-dlp %s is not tested, it cannot be kept "
                  "warm", resolver->first.version);
        classify_free(resolver->classify);
        return 1;
    }

    thread = &resolver->threads[0];
    main_thread(resolver, 0);

    memset(&job, 0, sizeof(job_t));

    strcpy(job.popped.id, resolver->config.canary);
    job.end = clock_now() + resolver->config.resolve_timeout;
    job.renew = job.end;
    proof = PROOF_UNPROVED;

    rc = resolve_track(thread, &job);

    if (rc == VOYO_OK && job.class == VOYO_CLASS_NONE) {
        log_event(log, LOG_NOTICE, "yt-dlp %s resolves \"%s\", %u formats, "
                  "profile %s", resolver->first.version, job.popped.id,
                  job.choose.record.nformats,
                  ytdlp_profile_name(job.profile));

        proof = proof_try(thread, &job);

    } else {
        log_event(log, LOG_ERROR, "yt-dlp %s does not resolve \"%s\", %s: %s",
                  resolver->first.version, job.popped.id,
                  voyo_class_info(job.class)->name,
                  job.answer.text ? job.answer.text : "");
    }

    ytdlp_answer_free(&job.answer);
    keeper_end(&thread->keeper);
    classify_free(resolver->classify);

    return rc != VOYO_OK || job.class != VOYO_CLASS_NONE
           || proof == PROOF_REFUSED;
}


static int
main_start(main_t *resolver)
{
    unsigned       i;
    job_thread_t  *thread;
    heartbeat_t   *heartbeat;

    heartbeat = &resolver->heartbeat;
    heartbeat->started_at = (int64_t) time(NULL);
    heartbeat->nworkers = resolver->config.workers;
    heartbeat->javascript = main_javascript(resolver);

    resolver->classify = classify_create();
    resolver->store = store_create(&resolver->redis, MAIN_REDIS);

    if (resolver->classify == NULL || resolver->store == NULL) {
        return VOYO_ENOMEM;
    }

    for (i = 0; i < resolver->config.workers; i++) {

        main_thread(resolver, i);

        thread = &resolver->threads[i];
        thread->store = store_create(&resolver->redis, THREAD_REDIS);

        if (thread->store == NULL) {
            return VOYO_ENOMEM;
        }

        /* thread 0 holds a worker, which dies with it */

        if (pthread_create(&resolver->ids[i], NULL, job_thread, thread) != 0) {
            log_event(&resolver->config.log, LOG_ERROR,
                      "thread %u cannot be started", i);
            exit(1);
        }
    }

    log_event(&resolver->config.log, LOG_NOTICE, "\"%s\" started, version "
              VOYO_VERSION ", yt-dlp %s, %u workers, egress \"%s\"",
              resolver->config.name, resolver->first.version,
              resolver->config.workers, resolver->config.egress);

    return VOYO_OK;
}


/* Worker 0 is already running, unless yt-dlp is cold. */

static void
main_thread(main_t *resolver, unsigned i)
{
    job_thread_t  *thread;

    thread = &resolver->threads[i];
    thread->config = &resolver->config;
    thread->classify = resolver->classify;
    thread->heartbeat = &resolver->heartbeat;
    thread->stop = &resolver->stop;
    thread->index = i;

    thread->keeper.config = &resolver->config;
    thread->keeper.shown = &resolver->heartbeat.workers[i];
    thread->keeper.number = i;

    if (resolver->first.cold) {
        keeper_freeze(&thread->keeper, resolver->first.version);

    } else if (i == 0) {
        keeper_adopt(&thread->keeper, &resolver->first.worker);
    }
}


/* Without heartbeats nginx responds that there is no resolver. */

static int
main_beat(main_t *resolver)
{
    int              rc;
    char            *json, met[HEARTBEAT_MET_MAX];
    heartbeat_t     *heartbeat;
    store_status_t   status;

    heartbeat = &resolver->heartbeat;

    if (++resolver->beats % MAIN_FADE == 0) {
        quantile_fade(&heartbeat->latency);
        quantile_fade(&heartbeat->own);
    }

    rc = store_status(resolver->store, &status);

    if (rc != VOYO_OK) {
        return rc;
    }

    json = heartbeat_json(heartbeat, &resolver->config, &status);

    if (json == NULL) {
        abort();
    }

    heartbeat_met(heartbeat, met);

    rc = store_beat(resolver->store, json, strlen(json), met);

    free(json);

    return rc;
}


static int
main_stop(main_t *resolver)
{
    int64_t   until;
    unsigned  i, left;

    atomic_store(&resolver->stop.until, clock_now() + JOB_GRACE);
    atomic_store(&resolver->stop.stopping, 1);

    until = clock_now() + JOB_GRACE + MAIN_JOIN;
    left = 0;

    for (i = 0; i < resolver->config.workers; i++) {
        if (main_join(resolver->ids[i], until) != VOYO_OK) {
            left++;
        }
    }

    (void) store_beat(resolver->store, NULL, 0, "");

    if (left) {

        /* a thread waits for a Redis that hangs: it ends with the process */

        for (i = 0; i < resolver->config.workers; i++) {
            main_kill(atomic_load(&resolver->heartbeat.workers[i].group));
            main_kill(atomic_load(&resolver->heartbeat.workers[i].next));
        }

        log_event(&resolver->config.log, LOG_WARN, "stopped, %u threads did "
                  "not end in time", left);

        _exit(0);
    }

    log_event(&resolver->config.log, LOG_NOTICE, "stopped");

    for (i = 0; i < resolver->config.workers; i++) {
        store_free(resolver->threads[i].store);
    }

    store_free(resolver->store);
    classify_free(resolver->classify);
    main_free(resolver);

    return 0;
}


static int
main_join(pthread_t id, int64_t until)
{
    struct timespec  nap = { 0, 5000000 };

    while (pthread_tryjoin_np(id, NULL) != 0) {

        if (clock_now() >= until) {
            return VOYO_ETIMEOUT;
        }

        nanosleep(&nap, NULL);
    }

    return VOYO_OK;
}


static void
main_kill(int group)
{
    if (group > 0) {
        kill(-group, SIGKILL);
    }
}


static void
main_free(main_t *resolver)
{
    config_free(&resolver->config);
    free(resolver);
}


static void
main_usage(FILE *file)
{
    fputs("usage: voyo-resolver [--settings | --check | --prove | "
          "--version | --help]\n"
          "\n"
          "Resolves tracks for VOYO's nginx module with warm yt-dlp "
          "processes.\n"
          "It is configured by the environment: REDIS_URL, YT_DLP_PATH,\n"
          "VOYO_YTDLP_CONF, VOYO_JS_RUNTIME, VOYO_SOURCE_ADDRESS,\n"
          "VOYO_YTDLP_WORKERS, "
          "VOYO_EGRESS, VOYO_QUALITY_TOLERANCE, VOYO_RESOLVE_TIMEOUT,\n"
          "VOYO_QUEUE, VOYO_BUDGET, VOYO_PROOF, VOYO_MEDIA_HOSTS,\n"
          "VOYO_CANARY, VOYO_CANARY_EVERY, VOYO_NAME, VOYO_PLUGIN_DIR,\n"
          "VOYO_LOG_FORMAT.\n"
          "\n"
          "--settings  validates these and exits\n"
          "--check     tests Redis and yt-dlp and exits\n"
          "--prove     resolves the track VOYO_CANARY once and exits\n"
          "--version   prints the version and exits\n"
          "\n"
          "voyo-resolver --relay FILE carries the logs of deploy/voyo.\n",
          file);
}


/* All three must be open, or a worker's pipe would become one of them. */

static void
main_descriptors(void)
{
    int  fd;

    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);

    if (fd > STDERR_FILENO) {
        close(fd);
    }
}


static void
main_signals(sigset_t *signals)
{
    struct sigaction  sa;

    memset(&sa, 0, sizeof(struct sigaction));

    sa.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &sa, NULL);

    /* the main thread waits for them; other threads inherit the mask */

    sigemptyset(signals);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);

    pthread_sigmask(SIG_BLOCK, signals, NULL);
}
