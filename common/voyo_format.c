
/*
 * Copyright (C) the VOYO authors
 */


#include "voyo_format.h"
#include "voyo_errno.h"
#include "voyo_track.h"

#include <string.h>


static uint64_t voyo_quality_limit(voyo_quality_t quality, unsigned tolerance);
static int voyo_name_index(const char *const *names, int n, const char *text,
    size_t len);


static const char *const  voyo_codec_names[] = { "aac", "opus" };

static const char *const  voyo_codec_types[] = { "audio/mp4", "audio/webm" };

static const char *const  voyo_quality_names[] = { "low", "medium", "high" };

/* docs/upstream.md, Y6 */

static const uint64_t     voyo_quality_limits[] = { 64000, 128000, 256000 };


int
voyo_format_choose(const voyo_format_t *formats, unsigned n,
    voyo_quality_t quality, voyo_codec_t codec, unsigned tolerance)
{
    int       best, lowest;
    unsigned  i;
    uint64_t  limit;

    for (i = 0; i < n; i++) {
        if (formats[i].codec == codec) {
            break;
        }
    }

    if (i == n && n) {
        codec = formats[0].codec;
    }

    limit = voyo_quality_limit(quality, tolerance);
    best = -1;
    lowest = -1;

    for (i = 0; i < n; i++) {

        if (formats[i].codec != codec) {
            continue;
        }

        if (lowest < 0 || formats[i].bitrate < formats[lowest].bitrate) {
            lowest = (int) i;
        }

        if (formats[i].bitrate <= limit
            && (best < 0 || formats[i].bitrate > formats[best].bitrate))
        {
            best = (int) i;
        }
    }

    return best < 0 ? lowest : best;
}


int
voyo_format_find(const voyo_format_t *formats, unsigned n,
    const char *representation, size_t len)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        if (strlen(formats[i].representation) == len
            && memcmp(formats[i].representation, representation, len) == 0)
        {
            return (int) i;
        }
    }

    return -1;
}


voyo_quality_t
voyo_format_quality(const voyo_format_t *format, unsigned tolerance)
{
    voyo_quality_t  quality;

    for (quality = VOYO_QUALITY_LOW; quality < VOYO_QUALITY_HIGH; quality++) {
        if (format->bitrate <= voyo_quality_limit(quality, tolerance)) {
            break;
        }
    }

    return quality;
}


static uint64_t
voyo_quality_limit(voyo_quality_t quality, unsigned tolerance)
{
    return voyo_quality_limits[quality] * (100 + tolerance) / 100;
}


int
voyo_representation_valid(const char *text, size_t len, const char *id)
{
    size_t  i;

    if (len <= VOYO_TRACK_LEN + 1 || len >= VOYO_REPRESENTATION_MAX
        || text[VOYO_TRACK_LEN] != '.'
        || (id && memcmp(text, id, VOYO_TRACK_LEN) != 0))
    {
        return 0;
    }

    for (i = 0; i < len; i++) {
        if (!((text[i] >= 'A' && text[i] <= 'Z')
              || (text[i] >= 'a' && text[i] <= 'z')
              || (text[i] >= '0' && text[i] <= '9')
              || text[i] == '-' || text[i] == '_'
              || (text[i] == '.' && i >= VOYO_TRACK_LEN)))
        {
            return 0;
        }
    }

    return 1;
}


int
voyo_codec_parse(voyo_codec_t *codec, const char *text, size_t len)
{
    int  i;

    i = voyo_name_index(voyo_codec_names, 2, text, len);

    if (i < 0) {
        return VOYO_EINVAL;
    }

    *codec = (voyo_codec_t) i;

    return VOYO_OK;
}


int
voyo_quality_parse(voyo_quality_t *quality, const char *text, size_t len)
{
    int  i;

    i = voyo_name_index(voyo_quality_names, 3, text, len);

    if (i < 0) {
        return VOYO_EINVAL;
    }

    *quality = (voyo_quality_t) i;

    return VOYO_OK;
}


static int
voyo_name_index(const char *const *names, int n, const char *text, size_t len)
{
    int  i;

    for (i = 0; i < n; i++) {
        if (strlen(names[i]) == len && memcmp(names[i], text, len) == 0) {
            return i;
        }
    }

    return -1;
}


const char *
voyo_codec_name(voyo_codec_t codec)
{
    return voyo_codec_names[codec];
}


const char *
voyo_codec_type(voyo_codec_t codec)
{
    return voyo_codec_types[codec];
}


const char *
voyo_quality_name(voyo_quality_t quality)
{
    return voyo_quality_names[quality];
}
