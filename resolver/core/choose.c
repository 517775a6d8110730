
/*
 * Copyright (C) the VOYO authors
 */


#include "choose.h"
#include "json.h"
#include "query.h"
#include "voyo_errno.h"
#include "voyo_url.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define CHOOSE_FORMATS_MAX     2000    /* a longer list is invalid */
#define CHOOSE_CANDIDATES_MAX  128
#define CHOOSE_VALUE_MAX       128
#define CHOOSE_URL_LIFE        1800    /* seconds, without "expire": G6 */


/* Flaws of a format; only those with the fewest flaws are used. */

typedef enum {
    CHOOSE_DRC = 1,                  /* a twin with compressed dynamics */
    CHOOSE_SURROUND = 2
} choose_flaw_t;


typedef struct {
    voyo_format_t  format;
    voyo_source_t  source;
    unsigned       flaws;
    double         language;         /* yt-dlp's preference */
    int64_t        duration;         /* milliseconds, 0: unknown */
} choose_candidate_t;


/* What the formats that are not candidates have. */

typedef struct {
    unsigned  total;
    unsigned  audio;
    unsigned  muxed;
    unsigned  fragmented;
} choose_seen_t;


static unsigned choose_candidates(choose_candidate_t *candidates,
    choose_seen_t *seen, const cJSON *info, const char *id, int64_t now);
static int choose_candidate(choose_candidate_t *candidate,
    choose_seen_t *seen, const cJSON *json, const char *id, int64_t now);
static int choose_codec(voyo_codec_t *codec, const cJSON *json);
static int choose_representation(choose_candidate_t *candidate,
    const cJSON *json, const char *id);
static void choose_source(choose_candidate_t *candidate, const cJSON *json,
    int64_t now);
static unsigned choose_best(choose_candidate_t *candidates, unsigned n);
static void choose_formats(voyo_record_t *record,
    const choose_candidate_t *candidates, unsigned n, unsigned tolerance);
static voyo_class_t choose_refused(const cJSON *info,
    const choose_seen_t *seen);


voyo_class_t
choose_record(choose_t *choose, const cJSON *info, const char *id,
    unsigned tolerance, int64_t now)
{
    double               duration, release;
    unsigned             i, n;
    const char          *status;
    choose_seen_t        seen;
    voyo_record_t       *record;
    choose_candidate_t  *candidates;

    memset(choose, 0, sizeof(choose_t));

    record = &choose->record;
    record->resolved_at = now;
    memcpy(record->id, id, VOYO_TRACK_LEN);

    if (cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(info, "formats"))
        > CHOOSE_FORMATS_MAX)
    {
        choose->why = "too many formats";
        return VOYO_CLASS_EXTRACTOR;
    }

    status = json_string(info, "live_status");

    if (status && strcmp(status, "is_live") == 0) {
        return VOYO_CLASS_LIVE;
    }

    candidates = calloc(CHOOSE_CANDIDATES_MAX, sizeof(choose_candidate_t));

    if (candidates == NULL) {
        abort();
    }

    n = choose_candidates(candidates, &seen, info, id, now);

    if (n == 0) {
        release = json_number(info, "release_timestamp");
        choose->release = fabs(release) < 1e12 ? (int64_t) release : 0;
        free(candidates);
        return choose_refused(info, &seen);
    }

    n = choose_best(candidates, n);

    choose_formats(record, candidates, n, tolerance);
    describe_track(&choose->texts, &choose->record, info);

    for (i = 0; i < n; i++) {
        if (candidates[i].duration > record->duration) {
            record->duration = candidates[i].duration;
        }
    }

    duration = json_number(info, "duration") * 1000;

    if (record->duration == 0 && duration > 0 && duration < 1e12) {
        record->duration = (int64_t) duration;
    }

    free(candidates);

    return VOYO_CLASS_NONE;
}


/* yt-dlp sorts the best format last; here it comes first. */

static unsigned
choose_candidates(choose_candidate_t *candidates, choose_seen_t *seen,
    const cJSON *info, const char *id, int64_t now)
{
    unsigned      i, n;
    const cJSON  *format, *formats[CHOOSE_FORMATS_MAX];

    memset(seen, 0, sizeof(choose_seen_t));

    seen->total = json_number(info, "total") > 0;

    i = 0;
    n = 0;

    cJSON_ArrayForEach(format,
                       cJSON_GetObjectItemCaseSensitive(info, "formats"))
    {
        formats[i++] = format;
    }

    while (i-- && n < CHOOSE_CANDIDATES_MAX) {
        if (choose_candidate(&candidates[n], seen, formats[i], id, now)
            == VOYO_OK)
        {
            n++;
        }
    }

    return n;
}


static int
choose_candidate(choose_candidate_t *candidate, choose_seen_t *seen,
    const cJSON *json, const char *id, int64_t now)
{
    const char  *url, *protocol, *video, *audio, *name, *note;

    memset(candidate, 0, sizeof(choose_candidate_t));

    url = json_string(json, "url");
    protocol = json_string(json, "protocol");
    video = json_string(json, "vcodec");
    audio = json_string(json, "acodec");
    name = json_string(json, "format_id");
    note = json_string(json, "format_note");

    if (url == NULL || audio == NULL || strcmp(audio, "none") == 0) {
        return VOYO_EINVAL;
    }

    if (video && strcmp(video, "none") != 0) {
        seen->muxed++;
        return VOYO_EINVAL;
    }

    seen->audio++;

    if ((protocol && strncmp(protocol, "http", 4) != 0)
        || (protocol && strstr(protocol, "dash"))
        || cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "fragments")))
    {
        seen->fragmented++;
        return VOYO_EINVAL;
    }

    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "has_drm"))
        || !voyo_url_valid(url, VOYO_URL_MAX)
        || choose_codec(&candidate->format.codec, json) != VOYO_OK
        || choose_representation(candidate, json, id) != VOYO_OK)
    {
        return VOYO_EINVAL;
    }

    if ((name && strstr(name, "drc")) || (note && strstr(note, "DRC"))) {
        candidate->flaws |= CHOOSE_DRC;
    }

    if (json_number(json, "audio_channels") > 2) {
        candidate->flaws |= CHOOSE_SURROUND;
    }

    candidate->language = json_number(json, "language_preference");

    choose_source(candidate, json, now);

    return VOYO_OK;
}


static int
choose_codec(voyo_codec_t *codec, const cJSON *json)
{
    const char  *ext, *audio;

    ext = json_string(json, "ext");
    audio = json_string(json, "acodec");

    if (ext == NULL) {
        return VOYO_EINVAL;
    }

    if ((strcmp(ext, "m4a") == 0 || strcmp(ext, "mp4") == 0)
        && strncmp(audio, "mp4a.40", 7) == 0)
    {
        *codec = VOYO_CODEC_AAC;
        return VOYO_OK;
    }

    if (strcmp(ext, "webm") == 0 && strcmp(audio, "opus") == 0) {
        *codec = VOYO_CODEC_OPUS;
        return VOYO_OK;
    }

    return VOYO_EINVAL;
}


/* The bytes are identified by the URL, not by yt-dlp's list: G8. */

static int
choose_representation(choose_candidate_t *candidate, const cJSON *json,
    const char *id)
{
    int             n;
    char            itag[16], lmt[24], clen[24], dur[24], hash[16];
    char            xtags[CHOOSE_VALUE_MAX], *p;
    double          size, rate;
    uint32_t        fnv;
    const char     *url;
    voyo_format_t  *format;

    format = &candidate->format;
    url = json_string(json, "url");

    if (query_get(url, "itag", itag, sizeof(itag)) <= 0
        || strspn(itag, "0123456789") != strlen(itag)
        || query_get(url, "lmt", lmt, sizeof(lmt)) <= 0
        || strspn(lmt, "0123456789") != strlen(lmt))
    {
        return VOYO_EINVAL;
    }

    size = json_number(json, "filesize");

    if (query_get(url, "clen", clen, sizeof(clen)) > 0
        && strspn(clen, "0123456789") == strlen(clen))
    {
        /* two sizes for the same bytes: neither can be trusted */

        if (size > 0 && size != strtod(clen, NULL)) {
            return VOYO_EINVAL;
        }

        size = strtod(clen, NULL);
    }

    if (size < 1 || size > 1e12 || size != floor(size)) {
        return VOYO_EINVAL;
    }

    hash[0] = '\0';
    n = query_get(url, "xtags", xtags, sizeof(xtags));

    if (n < 0) {
        return VOYO_EINVAL;
    }

    if (n > 0) {
        fnv = 2166136261u;

        for (p = xtags; *p; p++) {
            fnv = (fnv ^ (unsigned char) *p) * 16777619u;
        }

        snprintf(hash, sizeof(hash), ".%08x", fnv);
    }

    n = snprintf(format->representation, VOYO_REPRESENTATION_MAX,
                 "%s.%s.%s%s.%.0f", id, itag, lmt, hash, size);

    if (n < 0 || n >= VOYO_REPRESENTATION_MAX) {
        return VOYO_EINVAL;
    }

    if (query_get(url, "dur", dur, sizeof(dur)) > 0) {
        candidate->duration = llround(strtod(dur, NULL) * 1000);

        if (candidate->duration < 0 || candidate->duration > 1000000000000) {
            candidate->duration = 0;
        }
    }

    rate = json_number(json, "tbr") * 1000;

    if (rate < 1 && candidate->duration) {
        rate = size * 8000 / (double) candidate->duration;
    }

    if (rate < 1 || rate > 100e6) {
        return VOYO_EINVAL;
    }

    format->bitrate = (uint32_t) lround(rate);
    format->size = (int64_t) size;

    return VOYO_OK;
}


static void
choose_source(choose_candidate_t *candidate, const cJSON *json, int64_t now)
{
    char            value[24];
    double          available;
    const char     *path, *agent;
    voyo_source_t  *source;

    source = &candidate->source;
    source->url = json_string(json, "url");

    if (query_get(source->url, "expire", value, sizeof(value)) > 0) {
        source->expires = strtoll(value, NULL, 10);

    } else {
        path = strstr(source->url, "/expire/");
        source->expires = path ? strtoll(path + 8, NULL, 10) : 0;
    }

    if (source->expires <= now || source->expires > now + 31536000) {
        source->expires = now + CHOOSE_URL_LIFE;
    }

    /* without an advertisement it is the present time: G13 */

    available = json_number(json, "available_at");

    if (available > (double) now && available < (double) now + 3600) {
        source->not_before = (int64_t) ceil(available);
    }

    agent = json_string(json, "user_agent");

    if (agent && strlen(agent) <= VOYO_USER_AGENT_MAX) {
        source->user_agent = agent;
    }
}


/*
 * Keeps the candidates of the original language with the fewest flaws: a dub
 * must not win by its codec, nor a DRC twin by its bitrate.
 */

static unsigned
choose_best(choose_candidate_t *candidates, unsigned n)
{
    unsigned  i, kept, flaws;
    double    language;

    language = candidates[0].language;
    flaws = candidates[0].flaws;

    for (i = 1; i < n; i++) {

        if (candidates[i].language > language) {
            language = candidates[i].language;
            flaws = candidates[i].flaws;

        } else if (candidates[i].language == language
                   && candidates[i].flaws < flaws)
        {
            flaws = candidates[i].flaws;
        }
    }

    kept = 0;

    for (i = 0; i < n; i++) {
        if (candidates[i].language == language
            && candidates[i].flaws == flaws)
        {
            candidates[kept++] = candidates[i];
        }
    }

    return kept;
}


static void
choose_formats(voyo_record_t *record, const choose_candidate_t *candidates,
    unsigned n, unsigned tolerance)
{
    int              best, codec, quality;
    unsigned         i;
    unsigned char    taken[CHOOSE_CANDIDATES_MAX] = { 0 };
    voyo_format_t    formats[CHOOSE_CANDIDATES_MAX];

    for (i = 0; i < n; i++) {
        formats[i] = candidates[i].format;
    }

    for (codec = VOYO_CODEC_AAC; codec <= VOYO_CODEC_OPUS; codec++) {
        for (quality = VOYO_QUALITY_HIGH;
             quality >= VOYO_QUALITY_LOW;
             quality--)
        {
            best = voyo_format_choose(formats, n, (voyo_quality_t) quality,
                                      (voyo_codec_t) codec, tolerance);

            if (best < 0 || taken[best]) {
                continue;
            }

            taken[best] = 1;
            record->formats[record->nformats] = candidates[best].format;
            record->sources[record->nformats] = candidates[best].source;
            record->nformats++;
        }
    }
}


static voyo_class_t
choose_refused(const cJSON *info, const choose_seen_t *seen)
{
    const char  *status;

    status = json_string(info, "live_status");

    if (status && strcmp(status, "is_upcoming") == 0) {
        return VOYO_CLASS_UPCOMING;
    }

    /* the broadcast has ended, but there is no file yet */

    if (status && strcmp(status, "post_live") == 0) {
        return VOYO_CLASS_LIVE;
    }

    if (seen->fragmented) {
        return VOYO_CLASS_UNSUPPORTED_PROTOCOL;
    }

    /* audio within video formats only is what outdated clients get */

    if (seen->total == 0 || seen->audio || seen->muxed) {
        return VOYO_CLASS_NO_FORMATS;
    }

    return VOYO_CLASS_NO_AUDIO;
}
