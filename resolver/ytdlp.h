
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _YTDLP_H_INCLUDED_
#define _YTDLP_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cjson/cJSON.h>


/*
 * The lines that the resolver and a warm worker exchange; ytdlp_worker.py has
 * their form.  No I/O here.
 */

#define YTDLP_REQUEST_MAX  256
#define YTDLP_LINE_MAX     (1024 * 1024)
#define YTDLP_VERSION_MAX  32
#define YTDLP_VERSION      "2026.10"   /* the oldest that still works */


typedef enum {
    YTDLP_FAST = 0,
    YTDLP_FULL
} ytdlp_profile_t;


typedef struct {
    char      version[YTDLP_VERSION_MAX];
    pid_t     pid;                /* of yt-dlp, whatever wraps it */
    unsigned  ready:1;
    unsigned  fast:1;             /* it has the profile */
    unsigned  proxy:1;            /* not ready: a proxy is configured */
} ytdlp_ready_t;


typedef struct {
    unsigned      job;
    unsigned      deadline:1;     /* it gave up by itself */
    const cJSON  *info;           /* NULL: none */
    char         *text;           /* warnings and error, a line each */
    size_t        len;
    cJSON        *json;           /* owns info */
} ytdlp_answer_t;


/*
 * Writes the line that asks for a track, with its line feed.  "ms" is what
 * the worker may take, in milliseconds.  Returns the length.
 */
size_t ytdlp_request(char line[YTDLP_REQUEST_MAX], unsigned job,
    const char *id, ytdlp_profile_t profile, int64_t ms);

/*
 * Reads a worker's first line.  Returns VOYO_OK, or VOYO_EINVAL for a line
 * that isn't one: something chatty came before.
 */
int ytdlp_ready(ytdlp_ready_t *ready, const char *line, size_t len);

/*
 * Reads an answer.  Returns VOYO_OK, and ytdlp_answer_free() is to be called;
 * or VOYO_EINVAL, and there is nothing to free.
 */
int ytdlp_answer(ytdlp_answer_t *answer, const char *line, size_t len);
void ytdlp_answer_free(ytdlp_answer_t *answer);

/* Whether a version, "2026.10.26", is YTDLP_VERSION or newer. */
int ytdlp_version_valid(const char *version);

const char *ytdlp_profile_name(ytdlp_profile_t profile);


#endif /* _YTDLP_H_INCLUDED_ */
