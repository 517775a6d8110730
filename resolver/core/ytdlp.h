
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _YTDLP_H_INCLUDED_
#define _YTDLP_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cjson/cJSON.h>

#include "voyo_record.h"


/*
 * The lines that the resolver and a warm worker exchange, in the format
 * documented in ytdlp_worker.py.  No I/O here.
 */

#define YTDLP_REQUEST_MAX  256
#define YTDLP_PROOF_MAX    (16 * 1024)
#define YTDLP_LINE_MAX     (1024 * 1024)
#define YTDLP_VERSION_MAX  32
#define YTDLP_VERSION      "2026.10"   /* the oldest that works */
#define YTDLP_FILE_MAX     1024
#define YTDLP_WORDS_MAX    256
#define YTDLP_MET_MAX      (YTDLP_VERSION_MAX + 17)


/* How to access the source (docs/upstream.md, Y8); "visitor", used after a bot
   check, is the fast one with a visitor identity. */

typedef enum {
    YTDLP_FAST = 0,
    YTDLP_VISITOR,
    YTDLP_FULL,
    YTDLP_PROFILES
} ytdlp_profile_t;


typedef struct {
    char      version[YTDLP_VERSION_MAX];
    pid_t     pid;                /* of yt-dlp, also if it has a wrapper */
    char      file[YTDLP_FILE_MAX];   /* of its code, "": unknown */
    char      cookies[YTDLP_FILE_MAX];   /* "": there are none */
    uint64_t  configuration;      /* a hash of it, 0: unknown */
    unsigned  ready:1;
    unsigned  fast:1;             /* it has the profile */
    unsigned  full:1;             /* it has this profile too */
    char      words[YTDLP_WORDS_MAX];   /* not ready: which setting is wrong,
                                     and how; else its JavaScript runtime */
} ytdlp_ready_t;


typedef struct {
    unsigned      job;
    unsigned      deadline:1;     /* it stopped at its deadline */
    unsigned      status;         /* of a proof, HTTP's; 0: no response */
    const cJSON  *info;           /* NULL: none */
    char         *text;           /* warnings and error, one per line */
    size_t        len;
    size_t        error;          /* where the error begins in it */
    cJSON        *json;           /* owns info */
} ytdlp_answer_t;


/*
 * Writes the line that requests a track, with its line feed.  "ms" is the time
 * that the worker may take, in milliseconds.  Returns the length.
 */
size_t ytdlp_request(char line[YTDLP_REQUEST_MAX], unsigned job,
    const char *id, ytdlp_profile_t profile, int64_t ms);

/*
 * Writes the line that requests one byte, at "at", of a media URL; "hosts" is
 * the list of hosts that it and its redirects may name, as in VOYO_MEDIA_HOSTS.
 * "ms" as above.  Returns the length; 0: it is too long.
 */
size_t ytdlp_proof(char line[YTDLP_PROOF_MAX], unsigned job,
    const voyo_source_t *source, const char *hosts, int64_t at, int64_t ms);

/*
 * Reads a worker's first line.  Returns VOYO_OK, or VOYO_EINVAL for any other
 * output.
 */
int ytdlp_ready(ytdlp_ready_t *ready, const char *line, size_t len);

/*
 * Reads an answer.  Returns VOYO_OK, and ytdlp_answer_free() must be called; or
 * VOYO_EINVAL, and there is nothing to free.
 */
int ytdlp_answer(ytdlp_answer_t *answer, const char *line, size_t len);

/*
 * Makes such an answer from the output of a yt-dlp that ran for this job only:
 * its JSON and its errors.  Always succeeds.
 */
void ytdlp_cold(ytdlp_answer_t *answer, const char *id, const char *output,
    size_t len, const char *errors, size_t nerrors);

void ytdlp_answer_free(ytdlp_answer_t *answer);

/* Whether a version, "2026.10.26", is YTDLP_VERSION or newer. */
int ytdlp_version_valid(const char *version);

/*
 * A version as a number, 20261026 and six digits for the time of day, or 0; and
 * the number as text, of at most YTDLP_VERSION_MAX with its zero.
 */
uint64_t ytdlp_version_number(const char *version);
void ytdlp_version_text(char text[YTDLP_VERSION_MAX], uint64_t number);

/*
 * A version and a configuration as one word, which failures are met with:
 * another one may succeed.
 */
void ytdlp_met(char text[YTDLP_MET_MAX], uint64_t version,
    uint64_t configuration);

const char *ytdlp_profile_name(ytdlp_profile_t profile);


#endif /* _YTDLP_H_INCLUDED_ */
