
/*
 * Copyright (C) the VOYO authors
 */


#include "relay.h"
#include "clock.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>


#define RELAY_ERRORS  3                /* input descriptor of the second log */
#define RELAY_BUFFER  65536            /* bytes that wait for a reader */
#define RELAY_WRITE   4096             /* bytes that fit if poll() says so */
#define RELAY_LINE    4096            /* of a line that is converted */
#define RELAY_TELL    10000            /* ms between reports of dropped lines */
#define RELAY_LAST    1000             /* ms for a reader, at the end */


typedef struct {
    int            in;                 /* -1: it has ended */
    int            out;
    int            skip;               /* the rest of a line */
    int            within;             /* in an incomplete line */
    size_t         whole;              /* bytes of complete lines */
    size_t         len;                /* with the beginning of the next */
    char           data[RELAY_BUFFER];
} relay_log_t;


typedef struct {
    relay_log_t    logs[2];            /* output and errors */
    int            same;               /* both are written to one file */
    int            json;               /* lines that are not are converted */
    int            count;              /* descriptor of the file "count" */
    unsigned long  dropped;            /* lines */
    unsigned long  counted;            /* of these, written to the file */
    unsigned long  told;               /* of these, reported in the log */
    int64_t        tell;               /* time of the next report */
} relay_t;


static int relay_open(int fd);
static int relay_same(int one, int two);
static void relay_read(relay_t *relay, relay_log_t *log);
static void relay_take(relay_t *relay, relay_log_t *log, const char *text,
    size_t len);
static void relay_convert(relay_t *relay, relay_log_t *log);
static void relay_write(relay_t *relay, relay_log_t *log);
static void relay_tell(relay_t *relay);
static void relay_count(relay_t *relay);


void
relay_run(const char *count)
{
    int             i, ended;
    int64_t         end;
    relay_log_t    *log;
    struct pollfd   p[4];

    const char     *format;

    static relay_t  relay;

    /* it ends only when all writers have ended */

    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);

    relay.logs[0].in = STDIN_FILENO;
    relay.logs[0].out = relay_open(STDOUT_FILENO);
    relay.logs[1].in = RELAY_ERRORS;
    relay.logs[1].out = relay_open(STDERR_FILENO);
    relay.same = relay_same(STDOUT_FILENO, STDERR_FILENO);
    format = getenv("VOYO_LOG_FORMAT");
    relay.json = format && strcmp(format, "json") == 0;
    relay.count = open(count, O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0644);

    relay.counted = 1;
    relay_count(&relay);

    end = 0;

    for ( ;; ) {

        ended = relay.logs[0].in < 0 && relay.logs[1].in < 0;

        if (ended) {
            end = end ? end : clock_now() + RELAY_LAST;

            if (clock_now() >= end
                || (relay.logs[0].whole == 0 && relay.logs[1].whole == 0))
            {
                return;
            }
        }

        for (i = 0; i < 2; i++) {
            log = &relay.logs[i];

            p[i].fd = log->in;
            p[i].events = POLLIN;
            p[i + 2].fd = log->whole ? log->out : -1;
            p[i + 2].events = POLLOUT;
        }

        if (poll(p, 4, ended || relay.dropped != relay.told ? 200 : -1) < 0) {
            continue;
        }

        for (i = 0; i < 2; i++) {

            if (p[i].revents) {
                relay_read(&relay, &relay.logs[i]);
            }

            if (p[i + 2].revents
                && !(relay.same && relay.logs[1 - i].within))
            {
                relay_write(&relay, &relay.logs[i]);
            }
        }

        relay_tell(&relay);
        relay_count(&relay);
    }
}


/*
 * Opens the same file in non-blocking mode.  The descriptor itself is shared
 * with other processes, which must not be affected.  A socket cannot be opened,
 * and does not have to be.
 */

static int
relay_open(int fd)
{
    int   own;
    char  path[sizeof("/proc/self/fd/2")];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);

    own = open(path, O_WRONLY|O_APPEND|O_NONBLOCK|O_NOCTTY|O_CLOEXEC);

    return own < 0 ? fd : own;
}


static int
relay_same(int one, int two)
{
    struct stat  a, b;

    return fstat(one, &a) == 0 && fstat(two, &b) == 0
           && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}


static void
relay_read(relay_t *relay, relay_log_t *log)
{
    char     text[RELAY_BUFFER];
    ssize_t  n;

    n = read(log->in, text, sizeof(text));

    if (n > 0) {
        relay_take(relay, log, text, (size_t) n);

    } else if (n == 0 || errno != EINTR) {
        log->in = -1;
        log->whole = log->len;
    }
}


/* Only complete lines are written; one that does not fit is dropped. */

static void
relay_take(relay_t *relay, relay_log_t *log, const char *text, size_t len)
{
    size_t       n;
    const char  *newline;

    for ( /* void */ ; len; text += n, len -= n) {

        newline = memchr(text, '\n', len);
        n = newline ? (size_t) (newline - text) + 1 : len;

        if (!log->skip && n > RELAY_BUFFER - log->len) {
            log->len = log->whole;
            log->skip = 1;
            relay->dropped++;
        }

        if (!log->skip) {
            memcpy(log->data + log->len, text, n);
            log->len += n;
        }

        if (newline) {
            if (relay->json && !log->skip) {
                relay_convert(relay, log);
            }

            log->whole = log->len;
            log->skip = 0;
        }
    }
}


/* The last line, to JSON: nginx and Redis can log text only. */

static void
relay_convert(relay_t *relay, relay_log_t *log)
{
    char    line[RELAY_LINE], json[2 * RELAY_LINE];
    size_t  len;

    len = log->len - log->whole - 1;

    if (len == 0 || log->data[log->whole] == '{') {
        return;
    }

    snprintf(line, sizeof(line), "%.*s", (int) len, log->data + log->whole);
    len = log_convert(json, sizeof(json), line);

    log->len = log->whole;

    if (len > RELAY_BUFFER - log->whole) {
        relay->dropped++;
        return;
    }

    memcpy(log->data + log->whole, json, len);
    log->len += len;
}


static void
relay_write(relay_t *relay, relay_log_t *log)
{
    size_t   i, len;
    ssize_t  n;

    len = log->whole < RELAY_WRITE ? log->whole : RELAY_WRITE;

    n = send(log->out, log->data, len, MSG_DONTWAIT);

    if (n < 0 && errno == ENOTSOCK) {
        n = write(log->out, log->data, len);
    }

    if (n < 0) {

        if (errno == EAGAIN || errno == EINTR) {
            return;
        }

        /* the reader is gone, or the disk is full */

        for (i = 0; i < log->whole; i++) {
            relay->dropped += log->data[i] == '\n';
        }

        n = (ssize_t) log->whole;
    }

    log->whole -= (size_t) n;
    log->within = log->whole && log->data[n - 1] != '\n';
    log->len -= (size_t) n;
    memmove(log->data, log->data + n, log->len);
}


static void
relay_tell(relay_t *relay)
{
    int   len;
    char  text[128];

    if (relay->dropped == relay->told || clock_now() < relay->tell
        || relay->logs[0].whole || relay->logs[1].whole
        || relay->logs[1].in < 0)
    {
        return;
    }

    len = snprintf(text, sizeof(text), "voyo: %lu log lines were dropped, "
                   "they were not read in time\n",
                   relay->dropped - relay->told);

    relay->told = relay->dropped;
    relay->tell = clock_now() + RELAY_TELL;

    relay_take(relay, &relay->logs[1], text, (size_t) len);
}


static void
relay_count(relay_t *relay)
{
    int      len;
    char     text[32];
    ssize_t  n;

    if (relay->dropped == relay->counted) {
        return;
    }

    relay->counted = relay->dropped;

    len = snprintf(text, sizeof(text), "%lu\n", relay->dropped);

    n = pwrite(relay->count, text, (size_t) len, 0);
    (void) n;
}
