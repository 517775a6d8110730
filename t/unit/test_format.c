
/*
 * Copyright (C) the VOYO authors
 */


/* The format for a quality: the nominal 128 averages 129.5 kb/s. */

#include "tap.h"
#include "voyo_errno.h"
#include "voyo_format.h"

#include <string.h>


static void test_choose(const char *name, const voyo_format_t *formats,
    unsigned n, voyo_codec_t codec, unsigned tolerance, int low, int medium,
    int high);
static void test_quality(uint32_t bitrate, unsigned tolerance,
    voyo_quality_t quality);
static void test_find(void);
static void test_names(void);
static void test_representation(const char *text, const char *id, int valid);


#define AAC(rate)   { "", VOYO_CODEC_AAC, rate, 1 }
#define OPUS(rate)  { "", VOYO_CODEC_OPUS, rate, 1 }


static const voyo_format_t  standard[] = {
    AAC(48800), AAC(129500), OPUS(51000), OPUS(67000), OPUS(136000)
};

static const voyo_format_t  premium[] = {
    AAC(48800), AAC(129500), AAC(257000), OPUS(257000)
};

static const voyo_format_t  loud[] = { AAC(300000), AAC(400000) };

static const voyo_format_t  twins[] = { AAC(129500), AAC(129500) };


int
main(void)
{
    test_choose("aac", standard, 5, VOYO_CODEC_AAC, 10, 0, 1, 1);
    test_choose("opus", standard, 5, VOYO_CODEC_OPUS, 10, 3, 4, 4);
    test_choose("the literal limits, aac", standard, 5, VOYO_CODEC_AAC, 0,
                0, 0, 1);
    test_choose("the literal limits, opus", standard, 5, VOYO_CODEC_OPUS, 0,
                2, 3, 4);
    test_choose("premium", premium, 4, VOYO_CODEC_AAC, 10, 0, 1, 2);
    test_choose("the other codec", standard, 2, VOYO_CODEC_OPUS, 10, 0, 1, 1);
    test_choose("all above the limit", loud, 2, VOYO_CODEC_AAC, 10, 0, 0, 0);
    test_choose("of equal ones the first", twins, 2, VOYO_CODEC_AAC, 10,
                0, 0, 0);
    test_choose("no formats", standard, 0, VOYO_CODEC_AAC, 10, -1, -1, -1);

    test_quality(48800, 10, VOYO_QUALITY_LOW);
    test_quality(70400, 10, VOYO_QUALITY_LOW);
    test_quality(70401, 10, VOYO_QUALITY_MEDIUM);
    test_quality(129500, 10, VOYO_QUALITY_MEDIUM);
    test_quality(129500, 0, VOYO_QUALITY_HIGH);
    test_quality(400000, 10, VOYO_QUALITY_HIGH);

    test_find();
    test_names();

    test_representation("dQw4w9WgXcQ.140.1700000000000000.3433514",
                        "dQw4w9WgXcQ", 1);
    test_representation("dQw4w9WgXcQ.140.1700000000000000.89abcdef.3433514",
                        NULL, 1);
    test_representation("dQw4w9WgXcQ.140.17.1", "dQw4w9WgXcR", 0);
    test_representation("dQw4w9WgXcQ", "dQw4w9WgXcQ", 0);
    test_representation("dQw4w9WgXcQ.", "dQw4w9WgXcQ", 0);
    test_representation("dQw4w9WgXcQ/140.17.1", "dQw4w9WgXcQ", 0);
    test_representation("dQw4w9WgXcQ.140/../1", "dQw4w9WgXcQ", 0);
    test_representation("dQw4w9WgXcQ.140 17.1", "dQw4w9WgXcQ", 0);
    test_representation("dQw4w9WgXcQ.123456789012345678901234567890123456789"
                        "0123456789012", "dQw4w9WgXcQ", 0);

    return done();
}


static void
test_choose(const char *name, const voyo_format_t *formats, unsigned n,
    voyo_codec_t codec, unsigned tolerance, int low, int medium, int high)
{
    ok(voyo_format_choose(formats, n, VOYO_QUALITY_LOW, codec, tolerance)
       == low, "%s, low", name);
    ok(voyo_format_choose(formats, n, VOYO_QUALITY_MEDIUM, codec, tolerance)
       == medium, "%s, medium", name);
    ok(voyo_format_choose(formats, n, VOYO_QUALITY_HIGH, codec, tolerance)
       == high, "%s, high", name);
}


static void
test_find(void)
{
    static const voyo_format_t  formats[] = {
        { "a.140", VOYO_CODEC_AAC, 1, 1 },
        { "a.1401", VOYO_CODEC_AAC, 1, 1 }
    };

    ok(voyo_format_find(formats, 2, "a.1401", 6) == 1, "the second is found");
    ok(voyo_format_find(formats, 2, "a.1401", 5) == 0, "by its length");
    ok(voyo_format_find(formats, 2, "a.14", 4) == -1, "not by its beginning");
    ok(voyo_format_find(formats, 0, "a.140", 5) == -1, "not among none");
}


static void
test_quality(uint32_t bitrate, unsigned tolerance, voyo_quality_t quality)
{
    voyo_format_t  format = AAC(bitrate);

    ok(voyo_format_quality(&format, tolerance) == quality,
       "%u is %s with a tolerance of %u", bitrate, voyo_quality_name(quality),
       tolerance);
}


static void
test_names(void)
{
    voyo_codec_t    codec;
    voyo_quality_t  quality;

    codec = VOYO_CODEC_OPUS;
    quality = VOYO_QUALITY_HIGH;

    ok(voyo_codec_parse(&codec, "aac", 3) == VOYO_OK
       && codec == VOYO_CODEC_AAC, "codec aac");
    ok(voyo_codec_parse(&codec, "opus", 4) == VOYO_OK
       && codec == VOYO_CODEC_OPUS, "codec opus");
    ok(voyo_codec_parse(&codec, "opusx", 5) == VOYO_EINVAL
       && voyo_codec_parse(&codec, "opu", 3) == VOYO_EINVAL
       && voyo_codec_parse(&codec, "AAC", 3) == VOYO_EINVAL
       && voyo_codec_parse(&codec, "", 0) == VOYO_EINVAL
       && codec == VOYO_CODEC_OPUS, "no other codec");

    ok(voyo_quality_parse(&quality, "low", 3) == VOYO_OK
       && quality == VOYO_QUALITY_LOW
       && voyo_quality_parse(&quality, "medium", 6) == VOYO_OK
       && quality == VOYO_QUALITY_MEDIUM
       && voyo_quality_parse(&quality, "high", 4) == VOYO_OK
       && quality == VOYO_QUALITY_HIGH, "the qualities");
    ok(voyo_quality_parse(&quality, "best", 4) == VOYO_EINVAL
       && quality == VOYO_QUALITY_HIGH, "no other quality");

    ok(strcmp(voyo_codec_type(VOYO_CODEC_AAC), "audio/mp4") == 0
       && strcmp(voyo_codec_type(VOYO_CODEC_OPUS), "audio/webm") == 0
       && strcmp(voyo_codec_name(VOYO_CODEC_OPUS), "opus") == 0
       && strcmp(voyo_quality_name(VOYO_QUALITY_LOW), "low") == 0,
       "names and types");
}


static void
test_representation(const char *text, const char *id, int valid)
{
    ok(voyo_representation_valid(text, strlen(text), id) == valid,
       "\"%.40s\" is %s", text, valid ? "a representation" : "none");
}
