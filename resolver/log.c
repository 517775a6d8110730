
/*
 * Copyright (C) the VOYO authors
 */


#include "log.h"

#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>


#define LOG_MESSAGE_MAX  4000


static int log_ready(int fd);
static size_t log_character(const char *text);
static int log_signed(const char *text, const char *end);
static size_t log_json(char *line, size_t size, const char *when,
    const char *level, const char *message);


static const char *const  log_levels[] = {
    "error", "warn", "notice", "info"
};


/* Path segments of signed URLs without a query (hls, dash). */

static const char *const  log_names[] = {
    "/expire/", "/ip/", "/sig/", "/lsig/", "/signature/"
};


void
log_event(const log_t *log, log_level_t level, const char *format, ...)
{
    int        fd, len;
    char       message[LOG_MESSAGE_MAX], line[LOG_MESSAGE_MAX * 2 + 128];
    char       when[32];
    size_t     n;
    time_t     now;
    va_list    args;
    ssize_t    written;
    struct tm  tm;

    static unsigned         dropped;
    static pthread_mutex_t  mutex = PTHREAD_MUTEX_INITIALIZER;

    va_start(args, format);
    len = vsnprintf(message, sizeof(message), format, args);
    va_end(args);

    if (len < 0) {
        return;
    }

    log_clean(message);

    fd = log->json ? STDOUT_FILENO : STDERR_FILENO;

    /* of threads that find room one may use it up */

    pthread_mutex_lock(&mutex);

    if (!log_ready(fd)) {
        dropped++;
        pthread_mutex_unlock(&mutex);
        return;
    }

    if (dropped) {
        n = strlen(message);
        snprintf(message + n, sizeof(message) - n,
                 ", after %u events that nobody read", dropped);
        dropped = 0;
    }

    now = time(NULL);

    if (log->json) {
        gmtime_r(&now, &tm);
        strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);

        n = log_json(line, sizeof(line), when, log_levels[level], message);

    } else {
        localtime_r(&now, &tm);
        strftime(when, sizeof(when), "%Y/%m/%d %H:%M:%S", &tm);

        n = (size_t) snprintf(line, sizeof(line), "%s [%s] resolver: %s\n",
                              when, log_levels[level], message);
    }

    /* there is nowhere to report a failure of the log */

    written = write(fd, line, n);
    (void) written;

    pthread_mutex_unlock(&mutex);
}


/* A reader that stops must not stop the resolver: nothing is written then. */

static int
log_ready(int fd)
{
    struct pollfd  p;

    p.fd = fd;
    p.events = POLLOUT;

    return poll(&p, 1, 0) == 1;
}


void
log_clean(char *text)
{
    int     path, cut;
    char   *in, *out;
    size_t  len;

    path = 0;
    cut = 0;

    for (in = text, out = text; *in; in += len) {

        len = log_character(in);

        if (len == 0) {
            *in = '?';
            len = 1;

        } else if ((unsigned char) *in < ' ' || *in == 0x7f) {
            *in = ' ';
        }

        /* a new word */

        if (memchr(" \"'<>", *in, 5)) {
            path = 0;
            cut = 0;
        }

        if (cut) {
            continue;
        }

        path |= *in == '/';

        memmove(out, in, len);
        out += len;

        cut = path && (*in == '?' || log_signed(text, out));
    }

    *out = '\0';
}


/*
 * The length of a character in UTF-8 (RFC 3629), or 0: it is invalid or
 * incomplete.
 */

static size_t
log_character(const char *text)
{
    size_t                i, len;
    const unsigned char  *p;

    p = (const unsigned char *) text;

    if (p[0] < 0x80) {
        return 1;
    }

    len = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3
          : p[0] < 0xf5 ? 4 : 0;

    /* overlong, a surrogate, or too large */

    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f)
        || (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
    {
        return 0;
    }

    for (i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }

    return len;
}


/* Whether a path ends here with one of log_names[]. */

static int
log_signed(const char *text, const char *end)
{
    size_t  i, len;

    for (i = 0; i < sizeof(log_names) / sizeof(char *); i++) {

        len = strlen(log_names[i]);

        if ((size_t) (end - text) >= len
            && memcmp(end - len, log_names[i], len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


size_t
log_convert(char *json, size_t size, const char *line)
{
    int          end;
    char         level[8] = "info", when[32];
    time_t       at;
    struct tm    tm;
    const char  *rest;

    at = time(NULL);
    memset(&tm, 0, sizeof(tm));

    rest = strptime(line, "%Y/%m/%d %H:%M:%S", &tm);
    end = 0;

    if (rest && sscanf(rest, " [%7[a-z]] %n", level, &end) == 1 && end) {
        tm.tm_isdst = -1;
        at = mktime(&tm);
        line = rest + end;
    }

    gmtime_r(&at, &tm);
    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);

    return log_json(json, size, when, level, line);
}


static size_t
log_json(char *line, size_t size, const char *when, const char *level,
    const char *message)
{
    size_t       n, len;
    const char  *p;

    n = (size_t) snprintf(line, size, "{\"time\":\"%s\",\"level\":\"%s\","
                          "\"message\":\"", when, level);

    /* without control characters only two characters need an escape */

    for (p = message; *p && n + 8 < size; p += len) {

        len = log_character(p);

        if (*p == '"' || *p == '\\') {
            line[n++] = '\\';
        }

        if (len == 0 || (unsigned char) *p < ' ' || *p == 0x7f) {
            line[n++] = len ? ' ' : '?';
            len = 1;
            continue;
        }

        memcpy(line + n, p, len);
        n += len;
    }

    memcpy(line + n, "\"}\n", 3);

    return n + 3;
}
