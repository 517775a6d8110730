
/*
 * Copyright (C) the VOYO authors
 */


#include "voyo_record.h"
#include "voyo_errno.h"
#include "voyo_url.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>


#define VOYO_GENERATION_MAX  9007199254740991.0    /* 2^53 - 1 */

/* cJSON writes no more than 15 digits of a number */
#define VOYO_NUMBER_MAX      999999999999999.0


static int voyo_record_has_zero(const char *text, size_t len);
static int voyo_record_read(voyo_record_t *record, const cJSON *json);
static int voyo_record_read_failure(voyo_record_t *record, const cJSON *json);
static int voyo_record_read_texts(voyo_record_t *record, const cJSON *json);
static int voyo_record_read_formats(voyo_record_t *record, const cJSON *json);
static int voyo_record_read_format(voyo_record_t *record, unsigned i,
    const cJSON *json);
static int voyo_record_number(const cJSON *json, const char *name, double min,
    double max, double *number);
static int voyo_record_integer(const cJSON *json, const char *name,
    double min, double max, double *number);
static int voyo_record_text(const cJSON *json, const char *name, size_t max,
    const char **text);
static cJSON *voyo_record_json(const voyo_record_t *record);
static cJSON *voyo_record_json_format(const voyo_format_t *format,
    const voyo_source_t *source);


int
voyo_record_decode(voyo_record_t *record, const char *text, size_t len)
{
    int          rc;
    cJSON       *json;
    const char  *end;

    memset(record, 0, sizeof(voyo_record_t));

    if (len == 0 || len > VOYO_RECORD_MAX
        || voyo_record_has_zero(text, len))
    {
        return VOYO_EINVAL;
    }

    json = cJSON_ParseWithLengthOpts(text, len, &end, 0);

    if (json == NULL) {
        return VOYO_EINVAL;
    }

    rc = (end == text + len) ? voyo_record_read(record, json) : VOYO_EINVAL;

    if (rc != VOYO_OK) {
        cJSON_Delete(json);
        memset(record, 0, sizeof(voyo_record_t));
        return rc;
    }

    record->json = json;

    return VOYO_OK;
}


static int
voyo_record_has_zero(const char *text, size_t len)
{
    size_t  i;

    /* cJSON ends a string at an escaped zero and drops the rest */

    for (i = 0; i + 6 <= len; i++) {

        if (text[i] != '\\') {
            continue;
        }

        if (memcmp(text + i, "\\u0000", 6) == 0) {
            return 1;
        }

        i++;
    }

    return 0;
}


static int
voyo_record_read(voyo_record_t *record, const cJSON *json)
{
    double       version, generation, resolved_at;
    const char  *id;

    id = NULL;

    if (!cJSON_IsObject(json)
        || voyo_record_integer(json, "v", 1, 1, &version) != VOYO_OK
        || voyo_record_integer(json, "generation", 1, VOYO_GENERATION_MAX,
                               &generation)
           != VOYO_OK
        || voyo_record_integer(json, "resolved_at", 0, VOYO_NUMBER_MAX,
                               &resolved_at)
           != VOYO_OK
        || voyo_record_text(json, "id", VOYO_TRACK_LEN, &id) != VOYO_OK
        || id == NULL
        || voyo_track_parse(record->id, id, strlen(id)) != VOYO_OK
        || strlen(id) != VOYO_TRACK_LEN)
    {
        return VOYO_EINVAL;
    }

    record->generation = (int64_t) generation;
    record->resolved_at = (int64_t) resolved_at;

    if (cJSON_GetObjectItemCaseSensitive(json, "error")) {
        return voyo_record_read_failure(record, json);
    }

    if (voyo_record_read_texts(record, json) != VOYO_OK) {
        return VOYO_EINVAL;
    }

    return voyo_record_read_formats(record, json);
}


static int
voyo_record_read_failure(voyo_record_t *record, const cJSON *json)
{
    double       retry_after;
    const char  *error;

    error = NULL;
    retry_after = 0;

    if (voyo_record_text(json, "error", 64, &error) != VOYO_OK
        || error == NULL
        || voyo_record_integer(json, "retry_after", 0, 4294967295.0,
                               &retry_after)
           != VOYO_OK)
    {
        return VOYO_EINVAL;
    }

    record->error = voyo_class_by_name(error, strlen(error));

    /* an unknown class, of a newer resolver, is still a failure */

    if (record->error == VOYO_CLASS_NONE) {
        record->error = VOYO_CLASS_INTERNAL;
    }

    record->retry_after = (uint32_t) retry_after;

    return VOYO_OK;
}


static int
voyo_record_read_texts(voyo_record_t *record, const cJSON *json)
{
    double  duration, loudness;

    if (voyo_record_text(json, "title", VOYO_TEXT_MAX, &record->title)
        != VOYO_OK
        || voyo_record_text(json, "artist", VOYO_TEXT_MAX, &record->artist)
           != VOYO_OK
        || voyo_record_text(json, "album", VOYO_TEXT_MAX, &record->album)
           != VOYO_OK
        || voyo_record_text(json, "artwork", VOYO_URL_MAX, &record->artwork)
           != VOYO_OK
        || (record->artwork
            && !voyo_url_valid(record->artwork, VOYO_URL_MAX)))
    {
        return VOYO_EINVAL;
    }

    if (cJSON_GetObjectItemCaseSensitive(json, "duration")) {
        if (voyo_record_integer(json, "duration", 0, VOYO_NUMBER_MAX,
                                &duration)
            != VOYO_OK)
        {
            return VOYO_EINVAL;
        }

        record->duration = (int64_t) duration;
    }

    if (cJSON_GetObjectItemCaseSensitive(json, "loudness")) {
        if (voyo_record_number(json, "loudness", -1000, 1000, &loudness)
            != VOYO_OK)
        {
            return VOYO_EINVAL;
        }

        record->loudness = loudness;
        record->has_loudness = 1;
    }

    return VOYO_OK;
}


static int
voyo_record_read_formats(voyo_record_t *record, const cJSON *json)
{
    const cJSON  *formats, *format;

    formats = cJSON_GetObjectItemCaseSensitive(json, "formats");

    if (!cJSON_IsArray(formats)) {
        return VOYO_EINVAL;
    }

    cJSON_ArrayForEach(format, formats) {

        if (record->nformats == VOYO_FORMATS_MAX
            || voyo_record_read_format(record, record->nformats, format)
               != VOYO_OK)
        {
            return VOYO_EINVAL;
        }

        record->nformats++;
    }

    return record->nformats ? VOYO_OK : VOYO_EINVAL;
}


static int
voyo_record_read_format(voyo_record_t *record, unsigned i, const cJSON *json)
{
    char            number[24];
    double          bitrate, size, expires, not_before;
    const char     *representation, *codec;
    voyo_format_t  *format;
    voyo_source_t  *source;

    format = &record->formats[i];
    source = &record->sources[i];
    representation = NULL;
    codec = NULL;

    if (!cJSON_IsObject(json)
        || voyo_record_text(json, "representation",
                            VOYO_REPRESENTATION_MAX - 1, &representation)
           != VOYO_OK
        || representation == NULL
        || !voyo_representation_valid(representation, strlen(representation),
                                      record->id)
        || voyo_record_text(json, "codec", 16, &codec) != VOYO_OK
        || codec == NULL
        || voyo_codec_parse(&format->codec, codec, strlen(codec)) != VOYO_OK
        || voyo_record_integer(json, "bitrate", 1, 4294967295.0, &bitrate)
           != VOYO_OK
        || voyo_record_integer(json, "size", 1, VOYO_NUMBER_MAX, &size)
           != VOYO_OK
        || voyo_record_integer(json, "expires", 0, VOYO_NUMBER_MAX, &expires)
           != VOYO_OK
        || voyo_record_integer(json, "not_before", 0, VOYO_NUMBER_MAX,
                               &not_before)
           != VOYO_OK
        || voyo_record_text(json, "url", VOYO_URL_MAX, &source->url)
           != VOYO_OK
        || source->url == NULL
        || !voyo_url_valid(source->url, VOYO_URL_MAX)
        || voyo_record_text(json, "user_agent", VOYO_USER_AGENT_MAX,
                            &source->user_agent)
           != VOYO_OK)
    {
        return VOYO_EINVAL;
    }

    memcpy(format->representation, representation,
           strlen(representation) + 1);

    /* a representation id ends with the exact size */

    snprintf(number, sizeof(number), "%lld", (long long) size);

    if (strcmp(strrchr(representation, '.') + 1, number) != 0) {
        return VOYO_EINVAL;
    }

    format->bitrate = (uint32_t) bitrate;
    format->size = (int64_t) size;
    source->expires = (int64_t) expires;
    source->not_before = (int64_t) not_before;

    return VOYO_OK;
}


static int
voyo_record_integer(const cJSON *json, const char *name, double min,
    double max, double *number)
{
    if (voyo_record_number(json, name, min, max, number) != VOYO_OK
        || *number != (double) (int64_t) *number)
    {
        return VOYO_EINVAL;
    }

    return VOYO_OK;
}


static int
voyo_record_number(const cJSON *json, const char *name, double min,
    double max, double *number)
{
    const cJSON  *item;

    item = cJSON_GetObjectItemCaseSensitive(json, name);

    if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble)
        || item->valuedouble < min || item->valuedouble > max)
    {
        return VOYO_EINVAL;
    }

    *number = item->valuedouble;

    return VOYO_OK;
}


static int
voyo_record_text(const cJSON *json, const char *name, size_t max,
    const char **text)
{
    const char   *p;
    const cJSON  *item;

    item = cJSON_GetObjectItemCaseSensitive(json, name);

    if (item == NULL || cJSON_IsNull(item)) {
        return VOYO_OK;
    }

    if (!cJSON_IsString(item) || strlen(item->valuestring) > max) {
        return VOYO_EINVAL;
    }

    /* no character that could end a header or log line */

    for (p = item->valuestring; *p; p++) {
        if ((unsigned char) *p < ' ' || *p == 0x7f) {
            return VOYO_EINVAL;
        }
    }

    *text = item->valuestring;

    return VOYO_OK;
}


char *
voyo_record_encode(const voyo_record_t *record, size_t *len)
{
    char   *text;
    cJSON  *json;

    json = voyo_record_json(record);

    if (json == NULL) {
        return NULL;
    }

    text = cJSON_PrintUnformatted(json);

    cJSON_Delete(json);

    if (text == NULL) {
        return NULL;
    }

    *len = strlen(text);

    if (*len > VOYO_RECORD_MAX) {
        free(text);
        return NULL;
    }

    return text;
}


static cJSON *
voyo_record_json(const voyo_record_t *record)
{
    char      generation[32];
    cJSON    *json, *formats;
    unsigned  i;

    json = cJSON_CreateObject();

    /* the scripts match this beginning, so the order matters */

    snprintf(generation, sizeof(generation), "%lld",
             (long long) record->generation);

    if (!cJSON_AddNumberToObject(json, "v", VOYO_RECORD_VERSION)
        || !cJSON_AddRawToObject(json, "generation", generation)
        || !cJSON_AddStringToObject(json, "id", record->id)
        || !cJSON_AddNumberToObject(json, "resolved_at",
                                    (double) record->resolved_at))
    {
        goto failed;
    }

    if (record->error != VOYO_CLASS_NONE) {
        if (!cJSON_AddStringToObject(json, "error",
                                     voyo_class_info(record->error)->name)
            || !cJSON_AddNumberToObject(json, "retry_after",
                                        record->retry_after)
            || (record->met
                && !cJSON_AddStringToObject(json, "met", record->met)))
        {
            goto failed;
        }

        return json;
    }

    if ((record->title
         && !cJSON_AddStringToObject(json, "title", record->title))
        || (record->artist
            && !cJSON_AddStringToObject(json, "artist", record->artist))
        || (record->album
            && !cJSON_AddStringToObject(json, "album", record->album))
        || (record->artwork
            && !cJSON_AddStringToObject(json, "artwork", record->artwork))
        || (record->duration
            && !cJSON_AddNumberToObject(json, "duration",
                                        (double) record->duration))
        || (record->has_loudness
            && !cJSON_AddNumberToObject(json, "loudness", record->loudness)))
    {
        goto failed;
    }

    formats = cJSON_AddArrayToObject(json, "formats");

    for (i = 0; i < record->nformats; i++) {
        if (!cJSON_AddItemToArray(formats,
                      voyo_record_json_format(&record->formats[i],
                                              &record->sources[i])))
        {
            goto failed;
        }
    }

    return json;

failed:

    cJSON_Delete(json);

    return NULL;
}


static cJSON *
voyo_record_json_format(const voyo_format_t *format,
    const voyo_source_t *source)
{
    cJSON  *json;

    json = cJSON_CreateObject();

    if (!cJSON_AddStringToObject(json, "representation",
                                 format->representation)
        || !cJSON_AddStringToObject(json, "codec",
                                    voyo_codec_name(format->codec))
        || !cJSON_AddNumberToObject(json, "bitrate", format->bitrate)
        || !cJSON_AddNumberToObject(json, "size", (double) format->size)
        || !cJSON_AddStringToObject(json, "url", source->url)
        || (source->user_agent
            && !cJSON_AddStringToObject(json, "user_agent",
                                        source->user_agent))
        || !cJSON_AddNumberToObject(json, "expires", (double) source->expires)
        || !cJSON_AddNumberToObject(json, "not_before",
                                    (double) source->not_before))
    {
        cJSON_Delete(json);
        return NULL;
    }

    return json;
}


void
voyo_record_free(voyo_record_t *record)
{
    cJSON_Delete(record->json);
    record->json = NULL;
}
