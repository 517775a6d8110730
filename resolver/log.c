
/*
 * Copyright (C) the VOYO authors
 */


#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>


#define LOG_MESSAGE_MAX  4000


static size_t log_clean(char *text);
static size_t log_json(char *line, size_t size, const char *when,
    const char *level, const char *message);


static const char *const  log_levels[] = {
    "error", "warn", "notice", "info"
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

    va_start(args, format);
    len = vsnprintf(message, sizeof(message), format, args);
    va_end(args);

    if (len < 0) {
        return;
    }

    log_clean(message);

    now = time(NULL);

    if (log->json) {
        gmtime_r(&now, &tm);
        strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);

        n = log_json(line, sizeof(line), when, log_levels[level], message);
        fd = STDOUT_FILENO;

    } else {
        localtime_r(&now, &tm);
        strftime(when, sizeof(when), "%Y/%m/%d %H:%M:%S", &tm);

        n = (size_t) snprintf(line, sizeof(line), "%s [%s] resolver: %s\n",
                              when, log_levels[level], message);
        fd = STDERR_FILENO;
    }

    /* nobody could be told that the log is gone */

    written = write(fd, line, n);
    (void) written;
}


static size_t
log_clean(char *text)
{
    int    url, query;
    char  *in, *out;

    url = 0;
    query = 0;

    for (in = text, out = text; *in; in++) {

        if ((unsigned char) *in < ' ' || *in == 0x7f) {
            *in = ' ';
        }

        if (*in == ' ' || *in == '"' || *in == '\'' || *in == '>') {
            url = 0;
            query = 0;

        } else if (*in == ':' && in[1] == '/' && in[2] == '/') {
            url = 1;
        }

        if (query) {
            continue;
        }

        *out++ = *in;

        if (url && *in == '?') {
            query = 1;
        }
    }

    *out = '\0';

    return (size_t) (out - text);
}


static size_t
log_json(char *line, size_t size, const char *when, const char *level,
    const char *message)
{
    size_t       n;
    const char  *p;

    n = (size_t) snprintf(line, size, "{\"time\":\"%s\",\"level\":\"%s\","
                          "\"message\":\"", when, level);

    /* without control characters two need an escape */

    for (p = message; *p && n + 5 < size; p++) {

        if (*p == '"' || *p == '\\') {
            line[n++] = '\\';
        }

        line[n++] = *p;
    }

    memcpy(line + n, "\"}\n", 3);

    return n + 3;
}
