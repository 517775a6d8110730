
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _VOYO_RECORD_H_INCLUDED_
#define _VOYO_RECORD_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>

#include "voyo_class.h"
#include "voyo_format.h"
#include "voyo_track.h"


/*
 * The result of one extraction, or why it failed: the value of the keys "track"
 * and "failure" in Redis, JSON of at most 16 KiB.  The text always begins with
 * {"v":1,"generation":N, which the scripts of voyo_script.h rely on.
 *
 *   {"v":1,"generation":1764000000000,"id":"dQw4w9WgXcQ",
 *    "resolved_at":1764000000,
 *    "title":"…","artist":"…","album":"…","artwork":"https://…",
 *    "duration":212091,"loudness":-3.5,
 *    "formats":[{"representation":"dQw4w9WgXcQ.140.1700000000000000.3433514",
 *                "codec":"aac","bitrate":129500,"size":3433514,
 *                "url":"https://…","user_agent":"…",
 *                "expires":1764021600,"not_before":0}, …]}
 *
 *   {"v":1,"generation":1764000000000,"id":"dQw4w9WgXcQ",
 *    "resolved_at":1764000000,"error":"private","retry_after":86400}
 */

#define VOYO_RECORD_VERSION  1
#define VOYO_RECORD_MAX      16384
#define VOYO_URL_MAX         4096
#define VOYO_USER_AGENT_MAX  256
#define VOYO_TEXT_MAX        512       /* title, artist, album; bytes */


typedef struct {
    const char    *url;
    const char    *user_agent;
    int64_t        expires;            /* Unix time, seconds */
    int64_t        not_before;         /* Unix time, seconds; 0: at once */
} voyo_source_t;


typedef struct {
    char           id[VOYO_TRACK_LEN + 1];
    int64_t        generation;         /* increases with each extraction */
    int64_t        resolved_at;        /* Unix time, seconds */

    voyo_class_t   error;              /* VOYO_CLASS_NONE: a track */
    uint32_t       retry_after;        /* seconds, from resolved_at */
    const char    *met;                /* with what a failure was met, NULL:
                                          unknown; is not decoded */

    const char    *title;              /* the texts may be NULL */
    const char    *artist;
    const char    *album;
    const char    *artwork;
    int64_t        duration;           /* milliseconds, 0: unknown */
    double         loudness;           /* dB above the reference */
    unsigned       has_loudness:1;

    unsigned       nformats;
    voyo_format_t  formats[VOYO_FORMATS_MAX];
    voyo_source_t  sources[VOYO_FORMATS_MAX];

    void          *json;               /* owns the strings, if decoded */
} voyo_record_t;


/*
 * Parses a record from "len" bytes of JSON.  Redis is not trusted: unless every
 * field has its type, is within its bounds and contains no control characters,
 * the record is rejected with VOYO_EINVAL; VOYO_ENOMEM is possible too.  On
 * success the record owns the strings until voyo_record_free(); after an error
 * there is nothing to free.
 */
int voyo_record_decode(voyo_record_t *record, const char *text, size_t len);

/*
 * Encodes a record as JSON.  The caller must free() the result, which ends with
 * a zero that "len" does not include.  NULL: out of memory, or longer than
 * VOYO_RECORD_MAX.
 */
char *voyo_record_encode(const voyo_record_t *record, size_t *len);

void voyo_record_free(voyo_record_t *record);


#endif /* _VOYO_RECORD_H_INCLUDED_ */
