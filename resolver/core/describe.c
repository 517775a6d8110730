
/*
 * Copyright (C) the VOYO authors
 */


#include "describe.h"
#include "json.h"
#include "voyo_url.h"

#include <math.h>
#include <stdio.h>
#include <string.h>


#define DESCRIBE_ARTWORK_MAX  1024


static const char *describe_text(char text[VOYO_TEXT_MAX + 1],
    const char *value);
static void describe_artist(char *text, size_t size, const cJSON *info);


void
describe_track(describe_t *texts, voyo_record_t *record, const cJSON *info)
{
    char          artist[VOYO_TEXT_MAX * 2];
    const char   *artwork;
    const cJSON  *loudness;

    describe_artist(artist, sizeof(artist), info);

    record->title = describe_text(texts->title, json_string(info, "title"));
    record->artist = describe_text(texts->artist, artist);
    record->album = describe_text(texts->album, json_string(info, "album"));

    artwork = json_string(info, "thumbnail");

    if (artwork && voyo_url_valid(artwork, DESCRIBE_ARTWORK_MAX)) {
        record->artwork = artwork;
    }

    loudness = cJSON_GetObjectItemCaseSensitive(info, "loudness");

    if (cJSON_IsNumber(loudness) && fabs(loudness->valuedouble) <= 100) {
        record->loudness = loudness->valuedouble;
        record->has_loudness = 1;
    }
}


/* Cuts between characters, drops control characters; NULL if empty. */

static const char *
describe_text(char text[VOYO_TEXT_MAX + 1], const char *value)
{
    size_t  i, len;

    if (value == NULL || *value == '\0') {
        return NULL;
    }

    len = strlen(value);

    if (len > VOYO_TEXT_MAX) {
        len = VOYO_TEXT_MAX;

        while (len && ((unsigned char) value[len] & 0xc0) == 0x80) {
            len--;
        }
    }

    for (i = 0; i < len; i++) {
        text[i] = (unsigned char) value[i] < ' ' || value[i] == 0x7f
                  ? ' ' : value[i];
    }

    text[len] = '\0';

    return text;
}


static void
describe_artist(char *text, size_t size, const cJSON *info)
{
    size_t        len;
    const char   *name;
    const cJSON  *artists, *artist;

    text[0] = '\0';
    len = 0;

    artists = cJSON_GetObjectItemCaseSensitive(info, "artists");

    cJSON_ArrayForEach(artist, artists) {
        if (cJSON_IsString(artist) && len < size) {
            len += (size_t) snprintf(text + len, size - len, "%s%s",
                                     len ? ", " : "", artist->valuestring);
        }
    }

    if (len) {
        return;
    }

    name = json_string(info, "artist");
    name = name ? name : json_string(info, "uploader");
    name = name ? name : json_string(info, "author");
    name = name ? name : json_string(info, "channel");

    if (name == NULL) {
        return;
    }

    /* automatically generated channels of artists */

    len = strlen(name);

    if (len > 8 && strcmp(name + len - 8, " - Topic") == 0) {
        len -= 8;
    }

    snprintf(text, size, "%.*s", (int) len, name);
}
