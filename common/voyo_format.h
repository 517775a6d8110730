
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _VOYO_FORMAT_H_INCLUDED_
#define _VOYO_FORMAT_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>


/*
 * A format is one encoding of one track.  Its representation id
 * "<id>.<itag>.<lmt>[.<xtags hash>].<size>" names its bytes: two formats with
 * the same representation id always have the same bytes.
 */

#define VOYO_REPRESENTATION_MAX  64    /* with the terminating zero */
#define VOYO_FORMATS_MAX         6


typedef enum {
    VOYO_CODEC_AAC = 0,               /* in mp4, audio/mp4 */
    VOYO_CODEC_OPUS                   /* in WebM, audio/webm */
} voyo_codec_t;


typedef enum {
    VOYO_QUALITY_LOW = 0,
    VOYO_QUALITY_MEDIUM,
    VOYO_QUALITY_HIGH
} voyo_quality_t;


typedef struct {
    char          representation[VOYO_REPRESENTATION_MAX];
    voyo_codec_t  codec;
    uint32_t      bitrate;            /* average, bits per second */
    int64_t       size;               /* bytes, above 0 */
} voyo_format_t;


/* VOYO_OK and the value, or VOYO_EINVAL and nothing written. */
int voyo_codec_parse(voyo_codec_t *codec, const char *text, size_t len);
int voyo_quality_parse(voyo_quality_t *quality, const char *text, size_t len);

const char *voyo_codec_name(voyo_codec_t codec);        /* "aac" */
const char *voyo_codec_type(voyo_codec_t codec);        /* "audio/mp4" */
const char *voyo_quality_name(voyo_quality_t quality);  /* "low" */

/*
 * Whether "text" is a well-formed representation id of the track "id" (11
 * characters): of bounded length, of A-Za-z0-9_-. only, and beginning with the
 * id.  If "id" is NULL, any track is accepted.
 */
int voyo_representation_valid(const char *text, size_t len, const char *id);

/*
 * Chooses the format for a quality and a codec: the highest bitrate within the
 * quality's limit (64, 128, 256 kb/s plus "tolerance" per cent:
 * docs/upstream.md, Y6), otherwise the lowest bitrate; in the other codec if
 * the track has no format in this one.  Of equal bitrates the first is chosen.
 *
 * Returns the index, or -1 if there are no formats.
 */
int voyo_format_choose(const voyo_format_t *formats, unsigned n,
    voyo_quality_t quality, voyo_codec_t codec, unsigned tolerance);

/* The index of the format with a representation id, or -1. */
int voyo_format_find(const voyo_format_t *formats, unsigned n,
    const char *representation, size_t len);

/* The lowest quality whose limit a format meets, otherwise the highest. */
voyo_quality_t voyo_format_quality(const voyo_format_t *format,
    unsigned tolerance);


#endif /* _VOYO_FORMAT_H_INCLUDED_ */
