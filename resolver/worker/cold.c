
/*
 * Copyright (C) the VOYO authors
 */


#include "clock.h"
#include "cold.h"
#include "voyo_errno.h"
#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


#define COLD_READ          (64 * 1024)
#define COLD_ERRORS_LEAST  4096        /* free space to read them */
#define COLD_VERSION       15000       /* ms to print the version */


static int cold_start(cold_t *cold, const config_t *config,
    const char *const *tail);
static int cold_ended(cold_t *cold, int64_t until);
static int cold_output(cold_t *cold);
static int cold_errors(cold_t *cold);
static int cold_run(cold_t *cold, const config_t *config,
    const char *const *tail);


/* As in ytdlp_worker.py, without the user's configuration. */

static const char  cold_fast[] =
    "youtube:player_client=visionos;"
    "player_skip=webpage,configs,js,initial_data;"
    "skip=hls,dash,translated_subs";

static const char  cold_visitor[] =
    "youtube:player_client=visionos;player_skip=configs,js,initial_data;"
    "skip=hls,dash,translated_subs";


int
cold_spawn(cold_t *cold, const config_t *config, const char *id,
    ytdlp_profile_t profile)
{
    int          n;
    char         url[64];
    const char  *tail[CHILD_TAIL_MAX + 1] = {
        "--dump-single-json", "--ignore-no-formats-error", "--format", "all",
        "--format-sort", "lang", "--no-playlist", "--use-extractors",
        "youtube$", "--socket-timeout", "6", "--extractor-retries", "1",
        "--color", "never"
    };

    for (n = 0; tail[n]; n++) { /* void */ }

    if (profile != YTDLP_FULL) {
        tail[n++] = "--extractor-args";
        tail[n++] = profile == YTDLP_FAST ? cold_fast : cold_visitor;
    }

    snprintf(url, sizeof(url), "https://www.youtube.com/watch?v=%s", id);

    tail[n] = url;

    return cold_start(cold, config, tail);
}


static int
cold_start(cold_t *cold, const config_t *config, const char *const *tail)
{
    memset(cold, 0, sizeof(cold_t));

    if (child_spawn(&cold->child, config, tail) != VOYO_OK) {
        return VOYO_EIO;
    }

    child_close(&cold->child.in);

    return VOYO_OK;
}


int
cold_wait(cold_t *cold, int64_t until)
{
    int            n;
    int64_t        left;
    struct pollfd  fds[2];

    while (cold->child.out >= 0) {

        left = until - clock_now();

        fds[0].fd = cold->child.out;
        fds[0].events = POLLIN;
        fds[1].fd = cold->child.err;
        fds[1].events = POLLIN;

        n = poll(fds, 2, left > 0 ? (int) left : 0);

        if (n < 0 && errno != EINTR) {
            return VOYO_EIO;
        }

        if (n > 0 && fds[1].revents) {
            (void) cold_errors(cold);
        }

        if (n > 0 && fds[0].revents && cold_output(cold) != VOYO_OK) {
            return VOYO_EIO;
        }

        /* however much it prints */

        if (cold->child.out >= 0 && clock_now() >= until) {
            return VOYO_ETIMEOUT;
        }
    }

    while (cold_errors(cold)) {
        if (clock_now() >= until) {
            return VOYO_ETIMEOUT;
        }
    }

    return cold_ended(cold, until);
}


/* If it was killed, its output is not complete. */

static int
cold_ended(cold_t *cold, int64_t until)
{
    int  status;

    status = child_wait(&cold->child, until);

    return status < 0 ? VOYO_ETIMEOUT : status < 128 ? VOYO_OK : VOYO_EIO;
}


static int
cold_output(cold_t *cold)
{
    ssize_t  n;

    if (cold->size - cold->used < COLD_READ) {

        if (cold->size >= COLD_OUTPUT_MAX) {
            return VOYO_EIO;
        }

        cold->size = cold->size * 2 + COLD_READ;
        cold->output = realloc(cold->output, cold->size);

        if (cold->output == NULL) {
            abort();
        }
    }

    n = read(cold->child.out, cold->output + cold->used, COLD_READ);

    if (n > 0) {
        cold->used += (size_t) n;

    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        child_close(&cold->child.out);
    }

    return VOYO_OK;
}


/* Reads once; returns whether there may be more data. */

static int
cold_errors(cold_t *cold)
{
    char     *end;
    size_t    gone;
    ssize_t   n;

    if (cold->child.err < 0) {
        return 0;
    }

    /* keep the end, which has the error; drop whole lines */

    if (cold->nerrors > COLD_ERRORS_MAX - COLD_ERRORS_LEAST) {

        gone = cold->nerrors / 2;
        end = memchr(cold->errors + gone, '\n', cold->nerrors - gone);
        gone = end ? (size_t) (end + 1 - cold->errors) : cold->nerrors;

        cold->nerrors -= gone;
        memmove(cold->errors, cold->errors + gone, cold->nerrors);
    }

    n = read(cold->child.err, cold->errors + cold->nerrors,
             COLD_ERRORS_MAX - cold->nerrors);

    if (n <= 0) {
        if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
            child_close(&cold->child.err);
        }

        return 0;
    }

    cold->nerrors += (size_t) n;

    return 1;
}


void
cold_kill(cold_t *cold)
{
    child_kill(&cold->child);

    free(cold->output);
    cold->output = NULL;
}


/*
 * yt-dlp prints its version with any configuration; without a URL it reads the
 * configuration first and then reports that the URL is missing.
 */

int
cold_version(const config_t *config, char version[YTDLP_VERSION_MAX])
{
    int          rc;
    cold_t       cold;
    const char  *tail[2] = { NULL, NULL };

    rc = cold_run(&cold, config, tail);

    if (rc == VOYO_OK
        && memmem(cold.errors, cold.nerrors, "at least one URL", 16) == NULL)
    {
        rc = VOYO_EIO;
    }

    cold_kill(&cold);

    if (rc != VOYO_OK) {
        return VOYO_EIO;
    }

    tail[0] = "--version";

    rc = cold_run(&cold, config, tail);

    if (rc == VOYO_OK && cold.used > 0 && cold.used < YTDLP_VERSION_MAX) {
        memcpy(version, cold.output, cold.used);
        version[cold.used] = '\0';
        version[strcspn(version, "\r\n")] = '\0';

    } else {
        rc = VOYO_EIO;
    }

    cold_kill(&cold);

    return rc == VOYO_OK ? VOYO_OK : VOYO_EIO;
}


static int
cold_run(cold_t *cold, const config_t *config, const char *const *tail)
{
    if (cold_start(cold, config, tail) != VOYO_OK) {
        return VOYO_EIO;
    }

    return cold_wait(cold, clock_now() + COLD_VERSION);
}
