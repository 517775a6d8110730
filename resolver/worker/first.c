
/*
 * Copyright (C) the VOYO authors
 */


#include "clock.h"
#include "cold.h"
#include "first.h"
#include "voyo_errno.h"

#include <errno.h>
#include <signal.h>
#include <string.h>


#define FIRST_LOOK  100                /* ms between checks for a signal */


static int first_try(first_t *first, const config_t *config);
static int first_cold(first_t *first, const config_t *config);
static int first_stopped(void);


int
first_start(first_t *first, const config_t *config)
{
    int           rc;
    const char   *path;
    const log_t  *log;

    log = &config->log;
    path = config->ytdlp_path;

    rc = first_try(first, config);

    if (rc == VOYO_ETIMEOUT) {
        rc = first_try(first, config);
    }

    if (rc != VOYO_ETIMEOUT) {
        return rc;
    }

    if (first_stopped()) {
        log_event(log, LOG_NOTICE, "stopped before yt-dlp was ready");

    } else if (first_cold(first, config) == VOYO_OK) {
        log_event(log, LOG_ERROR, "yt-dlp \"%s\" was not ready in time twice, "
                  "it is run for each job", path);
        return VOYO_OK;

    } else {
        log_event(log, LOG_ERROR, "yt-dlp \"%s\" was not ready in time, and "
                  "does not print its version", path);
    }

    return VOYO_EIO;
}


/* VOYO_ETIMEOUT: the worker was not ready in time, for an unknown reason. */

static int
first_try(first_t *first, const config_t *config)
{
    int           rc;
    worker_t     *worker;
    const char   *path;
    const log_t  *log;

    log = &config->log;
    path = config->ytdlp_path;
    worker = &first->worker;

    if (worker_spawn(worker, config) != VOYO_OK) {
        log_event(log, LOG_ERROR, "YT_DLP_PATH is \"%s\", which cannot "
                  "be run: %s", path, strerror(errno));
        return VOYO_EINVAL;
    }

    do {
        rc = worker_wait(worker, clock_now() + FIRST_LOOK);
    } while (rc == VOYO_ETIMEOUT && clock_now() < worker->deadline
             && !first_stopped());

    if (rc == VOYO_EIO) {

        if (first_cold(first, config) == VOYO_OK) {
            log_event(log, LOG_ERROR, "yt-dlp \"%s\" does not load the "
                      "plugin, it is run for each job; it said: %s", path,
                      worker->words[0] ? worker->words : "nothing");
            worker_kill(worker);
            return VOYO_OK;
        }

        log_event(log, LOG_ERROR, "yt-dlp \"%s\" cannot be used, %s or "
                  "newer is needed; it said: %s", path, YTDLP_VERSION,
                  worker->words[0] ? worker->words : "nothing");
        rc = VOYO_EINVAL;

    } else if (rc == VOYO_OK && !worker->ready.ready) {
        log_event(log, LOG_ERROR, "%s", worker->ready.words);
        rc = VOYO_EINVAL;

    } else if (rc == VOYO_OK && !ytdlp_version_valid(worker->ready.version)) {
        log_event(log, LOG_ERROR, "yt-dlp \"%s\" is %s, %s or newer is "
                  "needed", path, worker->ready.version, YTDLP_VERSION);
        rc = VOYO_EINVAL;

    } else if (rc == VOYO_OK) {
        strcpy(first->version, worker->ready.version);
        return VOYO_OK;
    }

    worker_kill(worker);

    return rc;
}


/* Whether yt-dlp can at least be run for each job. */

static int
first_cold(first_t *first, const config_t *config)
{
    if (cold_version(config, first->version) != VOYO_OK
        || !ytdlp_version_valid(first->version))
    {
        return VOYO_EIO;
    }

    first->cold = 1;

    return VOYO_OK;
}


/* Whether a signal to stop is pending. */

static int
first_stopped(void)
{
    sigset_t  pending;

    return sigpending(&pending) == 0
           && (sigismember(&pending, SIGINT) == 1
               || sigismember(&pending, SIGTERM) == 1);
}
