
/*
 * Copyright (C) the VOYO authors
 */


/*
 * Short texts of others: what a client puts into a path and a query, the
 * address of Redis, and the query of a media URL.
 */

#include "query.h"
#include "voyo_errno.h"
#include "voyo_format.h"
#include "voyo_redis_url.h"
#include "voyo_script.h"
#include "voyo_track.h"
#include "voyo_url.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void fuzz_track(const char *text, size_t size);
static void fuzz_redis(const char *text, size_t size);
static void fuzz_string(const char *text);
static void check(int held);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char            *text;
    voyo_quality_t   quality;
    voyo_codec_t     codec;

    /* without a terminator first */

    text = malloc(size ? size : 1);
    check(text != NULL);
    memcpy(text, data, size);

    fuzz_track(text, size);
    fuzz_redis(text, size);

    if (voyo_quality_parse(&quality, text, size) == VOYO_OK) {
        check(strlen(voyo_quality_name(quality)) == size);
    }

    if (voyo_codec_parse(&codec, text, size) == VOYO_OK) {
        check(strlen(voyo_codec_name(codec)) == size);
    }

    free(text);

    text = malloc(size + 1);
    check(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';

    fuzz_string(text);

    free(text);

    return 0;
}


/* Either form names one track, which is its own name. */

static void
fuzz_track(const char *text, size_t size)
{
    char  id[VOYO_TRACK_LEN + 1], again[VOYO_TRACK_LEN + 1];

    if (voyo_track_parse(id, text, size) != VOYO_OK) {
        return;
    }

    check(strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                     "0123456789-_")
          == VOYO_TRACK_LEN);
    check(size == VOYO_TRACK_LEN ? memcmp(id, text, size) == 0
                                 : size == VOYO_TRACK_ALIAS_LEN);
    check(voyo_track_parse(again, id, VOYO_TRACK_LEN) == VOYO_OK);
    check(strcmp(id, again) == 0);
}


static void
fuzz_redis(const char *text, size_t size)
{
    const char        *reason;
    voyo_redis_url_t   url;

    reason = NULL;

    if (voyo_redis_url_parse(&url, text, size, &reason) == VOYO_OK) {
        check((url.host[0] == '\0') != (url.path[0] == '\0'));
        check(url.path[0] || (url.port > 0 && url.port < 65536));

    } else {
        check(reason != NULL);
    }
}


static void
fuzz_string(const char *text)
{
    int   n;
    char  value[32];

    n = query_get(text, "expire", value, sizeof(value));

    check(n >= -1 && n < (int) sizeof(value));
    check(n < 0 || value[n] == '\0');

    if (voyo_url_valid(text, 2048)) {
        check(strlen(text) <= 2048 && strpbrk(text, " \t\r\n\x7f") == NULL);
    }

    (void) voyo_script_failed(text);
}


static void
check(int held)
{
    if (!held) {
        abort();
    }
}
