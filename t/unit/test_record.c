
/*
 * Copyright (C) the VOYO authors
 */


/*
 * Redis is not trusted: a record has exactly the documented form, or is
 * rejected; and an encoded record is decoded unchanged.
 */

#include "tap.h"
#include "voyo_errno.h"
#include "voyo_record.h"

#include <stdlib.h>
#include <string.h>


#define HEAD  "{\"v\":1,\"generation\":1764000000000,\"id\":\"dQw4w9WgXcQ\"," \
              "\"resolved_at\":1764000000"
#define FORMAT(representation, codec, rest)                                   \
    FORMAT_AT("https://h/x", representation, codec, rest)
#define FORMAT_AT(url, representation, codec, rest)                           \
    "{\"representation\":\"" representation "\",\"codec\":\"" codec "\","     \
    "\"bitrate\":129500,\"size\":3433514,\"url\":\"" url "\"," rest "}"
#define AAC_AT(url)                                                           \
    FORMAT_AT(url, "dQw4w9WgXcQ.140.17.3433514", "aac",                       \
              "\"expires\":1764021600,\"not_before\":0")
#define AAC   FORMAT("dQw4w9WgXcQ.140.17.3433514", "aac",                     \
                     "\"expires\":1764021600,\"not_before\":0")
#define WITH(format)  HEAD ",\"formats\":[" format "]}"


static void test_roundtrip(void);
static void test_failure(void);
static void test_good(const char *text, const char *name);
static void test_bad(const char *text, size_t len, const char *why);
static void test_bad_text(const char *text, const char *why);
static void test_bounds(void);
static void test_prefixes(void);


int
main(void)
{
    char  other[sizeof(WITH(AAC))];

    test_roundtrip();
    test_failure();
    test_bounds();
    test_prefixes();

    test_good(WITH(AAC), "the least there is");
    test_good(WITH(AAC "," AAC "," AAC "," AAC "," AAC "," AAC),
              "six formats");
    test_good(HEAD ",\"title\":null,\"formats\":[" AAC "]}", "a null text");
    test_good(HEAD ",\"new\":{\"a\":[1]},\"formats\":[" AAC "]}",
              "a field of a later version");
    test_good(HEAD ",\"error\":\"brand_new\",\"retry_after\":60}",
              "a class of a later version");

    test_bad_text("", "nothing");
    test_bad_text("null", "null");
    test_bad_text("[]", "a list");
    test_bad_text("{}", "an empty object");
    test_bad_text(WITH(AAC) "x", "something after the end");
    test_bad_text(WITH(AAC) " ", "a space after the end");
    test_bad_text(WITH(""), "no formats");
    test_bad_text(HEAD "}", "neither formats nor error");
    test_bad_text(WITH(AAC "," AAC "," AAC "," AAC "," AAC "," AAC "," AAC),
                  "seven formats");
    test_bad_text(WITH(AAC ",1"), "a format that is a number");
    test_bad_text(WITH(FORMAT("dQw4w9WgXcR.140.17.1", "aac",
                              "\"expires\":1,\"not_before\":0")),
                  "another track's representation");
    test_bad_text(WITH(FORMAT("dQw4w9WgXcQ.140.17.1", "aac",
                              "\"expires\":1764021600,\"not_before\":0")),
                  "another size than its name's");
    test_bad_text(WITH(FORMAT("dQw4w9WgXcQ.140.17.3433514-1", "aac",
                              "\"expires\":1,\"not_before\":0")),
                  "a size with something after it");
    test_bad_text(WITH(FORMAT("dQw4w9WgXcQ.140.17.03433514", "aac",
                              "\"expires\":1,\"not_before\":0")),
                  "a size with something before it");
    test_bad_text(WITH(FORMAT("dQw4w9WgXcQ.140/../1", "aac",
                              "\"expires\":1,\"not_before\":0")),
                  "a representation with a slash");
    test_bad_text(WITH(FORMAT("dQw4w9WgXcQ.140.17.3433514", "mp3",
                              "\"expires\":1,\"not_before\":0")),
                  "an unknown codec");
    test_bad_text(WITH(FORMAT("dQw4w9WgXcQ.140.17.3433514", "aac",
                              "\"expires\":-1,\"not_before\":0")),
                  "a negative time");
    test_bad_text(WITH(FORMAT("dQw4w9WgXcQ.140.17.3433514", "aac",
                              "\"expires\":1e300,\"not_before\":0")),
                  "a time out of range");
    test_bad_text(WITH(FORMAT("dQw4w9WgXcQ.140.17.3433514", "aac",
                              "\"expires\":\"1\",\"not_before\":0")),
                  "a time that is a text");
    test_bad_text(WITH(FORMAT("dQw4w9WgXcQ.140.17.3433514", "aac",
                              "\"expires\":1.5,\"not_before\":0")),
                  "a time that is no integer");
    test_bad_text(WITH(FORMAT("dQw4w9WgXcQ.140.17.3433514", "aac",
                              "\"not_before\":0")),
                  "no expiry");
    test_bad_text(WITH(FORMAT("dQw4w9WgXcQ.140.17.3433514", "aac",
                              "\"expires\":1,\"not_before\":0,"
                              "\"user_agent\":\"a\\r\\nHost: x\"")),
                  "a line break in the User-Agent");
    test_good(WITH(AAC_AT("http://127.0.0.1:8081/x?a=%20~!")), "a whole URL");
    test_bad_text(WITH(AAC_AT("ftp://h/x")), "a URL of another scheme");
    test_bad_text(WITH(AAC_AT("https://h\\t/x")), "a tab in the host");
    test_bad_text(WITH(AAC_AT("https://h /x")), "a space in the host");
    test_bad_text(WITH(AAC_AT("https://h/x y")), "a space in the URL");
    test_bad_text(WITH(AAC_AT("https://h/\x7f")), "a DEL in the URL");
    test_bad_text(WITH(AAC_AT("https://h\xef\xbc\x8e" "b/x")),
                  "a full stop that is not ASCII");
    test_bad_text(WITH(AAC_AT("https://h/\\u00e4")), "a URL not in ASCII");
    test_bad_text(HEAD ",\"artwork\":\"https://h/x y\",\"formats\":[" AAC
                  "]}", "a space in a picture's URL");
    test_bad_text(HEAD ",\"artwork\":\"javascript:x\",\"formats\":[" AAC
                  "]}", "a picture's URL of another scheme");
    test_bad_text(HEAD ",\"title\":\"a\\u0000b\",\"formats\":[" AAC "]}",
                  "a zero in a text");
    test_bad_text(HEAD ",\"title\":\"a\\nb\",\"formats\":[" AAC "]}",
                  "a line feed in a text");
    test_bad_text(HEAD ",\"title\":7,\"formats\":[" AAC "]}",
                  "a title that is a number");
    test_bad_text(HEAD ",\"error\":\"private\"}", "no retry_after");
    test_bad_text(HEAD ",\"error\":7,\"retry_after\":1}",
                  "an error that is a number");
    strcpy(other, WITH(AAC));
    other[5] = '2';
    test_bad_text(other, "another version");

    return done();
}


static void
test_roundtrip(void)
{
    char           *text, *again;
    size_t          len, again_len;
    voyo_record_t   record, read;

    memset(&record, 0, sizeof(voyo_record_t));

    strcpy(record.id, "dQw4w9WgXcQ");
    record.generation = 9007199254740991;
    record.resolved_at = 1764000000;
    record.title = "\xe2\x80\x9cNever\xe2\x80\x9d \"Gonna\" \\ Give";
    record.artist = "Rick";
    record.artwork = "https://i/x.jpg";
    record.duration = 212091;
    record.loudness = -3.5;
    record.has_loudness = 1;
    record.nformats = 1;
    strcpy(record.formats[0].representation,
           "dQw4w9WgXcQ.251.17.999999999999999");
    record.formats[0].codec = VOYO_CODEC_OPUS;
    record.formats[0].bitrate = 4294967295u;
    record.formats[0].size = 999999999999999;
    record.sources[0].url = "https://h/x?a=1&b=%2F";
    record.sources[0].user_agent = "Mozilla/5.0";
    record.sources[0].expires = 1764021600;
    record.sources[0].not_before = 1764000004;

    text = voyo_record_encode(&record, &len);

    ok(text && strlen(text) == len, "is written");
    ok(text && strncmp(text, "{\"v\":1,\"generation\":9007199254740991,", 37)
       == 0, "begins as the scripts expect");

    ok(text && voyo_record_decode(&read, text, len) == VOYO_OK, "is read");
    ok(read.generation == record.generation && strcmp(read.id, record.id) == 0
       && read.error == VOYO_CLASS_NONE
       && read.resolved_at == record.resolved_at
       && read.duration == 212091 && read.has_loudness
       && read.loudness == -3.5, "its numbers are the same");
    ok(strcmp(read.title, record.title) == 0
       && strcmp(read.artist, "Rick") == 0 && read.album == NULL
       && strcmp(read.artwork, record.artwork) == 0, "its texts are the same");
    ok(read.nformats == 1
       && memcmp(&read.formats[0], &record.formats[0],
                 sizeof(voyo_format_t)) == 0
       && strcmp(read.sources[0].url, record.sources[0].url) == 0
       && strcmp(read.sources[0].user_agent, "Mozilla/5.0") == 0
       && read.sources[0].expires == 1764021600
       && read.sources[0].not_before == 1764000004,
       "its formats are the same");

    again = voyo_record_encode(&read, &again_len);

    ok(again && strcmp(again, text) == 0, "is written the same way again");

    voyo_record_free(&read);
    free(again);
    free(text);
}


static void
test_failure(void)
{
    char           *text;
    size_t          len;
    voyo_record_t   record, read;

    memset(&record, 0, sizeof(voyo_record_t));

    strcpy(record.id, "dQw4w9WgXcQ");
    record.generation = 1764000000000;
    record.resolved_at = 1764000000;
    record.error = VOYO_CLASS_GEO_BLOCKED;
    record.retry_after = 86400;
    record.met = "old";

    text = voyo_record_encode(&record, &len);

    ok(text && strcmp(text, "{\"v\":1,\"generation\":1764000000000,"
                            "\"id\":\"dQw4w9WgXcQ\",\"resolved_at\":"
                            "1764000000,\"error\":\"geo_blocked\","
                            "\"retry_after\":86400,\"met\":\"old\"}") == 0,
       "a failure is written");
    ok(text && voyo_record_decode(&read, text, len) == VOYO_OK
       && read.error == VOYO_CLASS_GEO_BLOCKED && read.retry_after == 86400
       && read.nformats == 0, "and read");

    voyo_record_free(&read);
    free(text);
}


static void
test_bounds(void)
{
    char           *text, url[VOYO_URL_MAX + 2];
    size_t          len;
    unsigned        i;
    voyo_record_t   record, read;

    memset(&record, 0, sizeof(voyo_record_t));
    memset(url, 'x', sizeof(url));
    memcpy(url, "https://", 8);
    url[VOYO_URL_MAX] = '\0';

    strcpy(record.id, "dQw4w9WgXcQ");
    record.generation = 1;

    for (i = 0; i < VOYO_FORMATS_MAX; i++) {
        strcpy(record.formats[i].representation, "dQw4w9WgXcQ.140.17.1");
        record.formats[i].bitrate = 1;
        record.formats[i].size = 1;
        record.sources[i].url = url;
    }

    record.nformats = 3;
    text = voyo_record_encode(&record, &len);
    ok(text && voyo_record_decode(&read, text, len) == VOYO_OK,
       "three of the longest URLs fit");
    voyo_record_free(&read);
    free(text);

    record.nformats = 4;
    ok(voyo_record_encode(&record, &len) == NULL, "four don't");

    record.nformats = 1;
    url[VOYO_URL_MAX] = 'x';
    url[VOYO_URL_MAX + 1] = '\0';
    text = voyo_record_encode(&record, &len);
    ok(text && voyo_record_decode(&read, text, len) == VOYO_EINVAL,
       "a URL too long is refused");
    free(text);

    record.sources[0].url = "ftp://h/x";
    text = voyo_record_encode(&record, &len);
    ok(text && voyo_record_decode(&read, text, len) == VOYO_EINVAL,
       "a URL of another scheme is refused");
    free(text);

    text = malloc(VOYO_RECORD_MAX);
    memset(text, '[', VOYO_RECORD_MAX);
    test_bad(text, VOYO_RECORD_MAX, "16384 open brackets");
    memset(text, ' ', VOYO_RECORD_MAX);
    test_bad(text, VOYO_RECORD_MAX, "16384 spaces");
    free(text);
}


/* Nothing is read beyond the length, and no part of a record is accepted. */

static void
test_prefixes(void)
{
    int            refused;
    char          *copy;
    size_t         i, len;
    voyo_record_t  record;

    static const char  text[] = WITH(AAC);

    len = sizeof(text) - 1;
    refused = 1;

    for (i = 0; i < len; i++) {
        copy = malloc(i + 1);
        memcpy(copy, text, i);
        refused &= voyo_record_decode(&record, copy, i) == VOYO_EINVAL;
        free(copy);
    }

    ok(refused, "no beginning of a record is one");
}


static void
test_good(const char *text, const char *name)
{
    int            rc;
    voyo_record_t  record;

    rc = voyo_record_decode(&record, text, strlen(text));

    ok(rc == VOYO_OK, "%s is a record", name);

    voyo_record_free(&record);
}


static void
test_bad_text(const char *text, const char *why)
{
    test_bad(text, strlen(text), why);
}


static void
test_bad(const char *text, size_t len, const char *why)
{
    voyo_record_t  record;

    ok(voyo_record_decode(&record, text, len) == VOYO_EINVAL
       && record.json == NULL, "%s is refused", why);
}
