
/*
 * Copyright (C) the VOYO authors
 */


/*
 * From yt-dlp's list to a record: a dub, a twin with compressed dynamics or a
 * wrong size in it would affect every client of the track.
 */

#include "choose.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>


#define ID   "dQw4w9WgXcQ"
#define NOW  1764000000

#define FORMAT(ext, codec, name, rate, size, query, more)                     \
    "{\"ext\":\"" ext "\",\"acodec\":\"" codec "\",\"vcodec\":\"none\","      \
    "\"format_id\":\"" name "\",\"protocol\":\"https\",\"tbr\":" rate ","     \
    "\"filesize\":" size ",\"user_agent\":\"UA\",\"available_at\":1764000000,"\
    "\"url\":\"https://h/p?expire=1764021600&clen=" size "&dur=212.091"       \
    "&lmt=17&" query "\"" more "}"

#define AAC(itag, rate, more)                                                 \
    FORMAT("m4a", "mp4a.40.2", itag, rate, "1000", "itag=" itag, more)
#define OPUS(itag, rate, more)                                                \
    FORMAT("webm", "opus", itag, rate, "2000", "itag=" itag, more)

#define INFO(formats)  "{\"total\":9,\"title\":\"T\",\"formats\":[" formats "]}"


static void test(const char *name, const char *info, voyo_class_t class,
    const char *chosen);
static void test_fields(void);
static void test_texts(void);
static void test_many(unsigned n, voyo_class_t class);
static double seconds(void);
static cJSON *parse(const char *info);


int
main(void)
{
    test("the standard list",
         INFO(AAC("139", "48.8", "") "," AAC("140", "129.5", "") ","
              OPUS("249", "51", "") "," OPUS("250", "67", "") ","
              OPUS("251", "136", "")),
         VOYO_CLASS_NONE, "140 139 251 250");
    test("all that premium has",
         INFO(AAC("139", "48", "") "," AAC("140", "129.5", "") ","
              AAC("141", "257", "") "," OPUS("250", "67", "") ","
              OPUS("251", "136", "") "," OPUS("774", "257", "")),
         VOYO_CLASS_NONE, "141 140 139 774 251 250");
    test("one codec", INFO(OPUS("251", "136", "")), VOYO_CLASS_NONE, "251");

    test("AAC only", INFO(AAC("139", "48.8", "") "," AAC("140", "129.5", "")),
         VOYO_CLASS_NONE, "140 139");
    test("no bitrates",
         INFO("{\"ext\":\"m4a\",\"acodec\":\"mp4a.40.2\",\"url\":\"https://h/p?"
              "itag=139&lmt=1&clen=600000&dur=100\"},"
              "{\"ext\":\"m4a\",\"acodec\":\"mp4a.40.2\",\"url\":\"https://h/p?"
              "itag=140&lmt=1&clen=1600000&dur=100\"}"),
         VOYO_CLASS_NONE, "140 139");
    test("neither bitrates nor durations",
         INFO("{\"ext\":\"m4a\",\"acodec\":\"mp4a.40.2\",\"url\":\"https://h/p?"
              "itag=140&lmt=1&clen=1600000\"}"),
         VOYO_CLASS_NO_FORMATS, "");
    test("the twins of compressed dynamics first",
         INFO(AAC("141", "130", ",\"format_note\":\"DRC\"") ","
              OPUS("774", "140", ",\"format_note\":\"DRC\"") ","
              AAC("140", "129.5", "") "," OPUS("251", "136", "")),
         VOYO_CLASS_NONE, "140 251");
    test("only the dub has the other codec",
         INFO(OPUS("774", "257", ",\"language_preference\":-1") ","
              OPUS("251", "136", ",\"language_preference\":-1") ","
              AAC("139", "48", ",\"language_preference\":10") ","
              AAC("140", "129.5", ",\"language_preference\":10")),
         VOYO_CLASS_NONE, "140 139");
    test("one without a URL",
         INFO(AAC("139", "48", "") ",{\"ext\":\"m4a\",\"acodec\":"
              "\"mp4a.40.2\",\"format_id\":\"140\",\"filesize\":1000}"),
         VOYO_CLASS_NONE, "139");
    test("URLs with a tab, a space, and beyond ASCII",
         INFO(AAC("139", "48", "") ","
              FORMAT("m4a", "mp4a.40.2", "140", "129", "1000",
                     "itag=140&x=\\t", "") ","
              FORMAT("m4a", "mp4a.40.2", "141", "257", "1000",
                     "itag=141&x= ", "") ","
              FORMAT("webm", "opus", "251", "136", "2000",
                     "itag=251&x=\\u00e4", "")),
         VOYO_CLASS_NONE, "139");
    test("none with a URL",
         INFO("{\"ext\":\"m4a\",\"acodec\":\"mp4a.40.2\"}"),
         VOYO_CLASS_NO_AUDIO, "");
    test("encrypted ones",
         INFO(AAC("139", "48", "") "," AAC("140", "129", ",\"has_drm\":true")),
         VOYO_CLASS_NONE, "139");
    test("nothing but encrypted ones",
         INFO(AAC("140", "129", ",\"has_drm\":true")), VOYO_CLASS_NO_FORMATS,
         "");
    test("pieces beside a file",
         INFO(AAC("140", "129.5", "") "," AAC("141", "257",
              ",\"fragments\":true")),
         VOYO_CLASS_NONE, "140");

    test("a twin of compressed dynamics, by its name",
         INFO(AAC("140", "129.5", "") "," FORMAT("m4a", "mp4a.40.2",
              "140-drc", "130", "1000", "itag=141", "")),
         VOYO_CLASS_NONE, "140");
    test("a twin of compressed dynamics, by its note",
         INFO(AAC("140", "129.5", "") ","
              AAC("141", "130", ",\"format_note\":\"medium, DRC\"")),
         VOYO_CLASS_NONE, "140");
    test("nothing but twins",
         INFO(AAC("140", "129.5", ",\"format_note\":\"DRC\"")),
         VOYO_CLASS_NONE, "140");
    test("surround sound",
         INFO(AAC("140", "129.5", ",\"audio_channels\":2") ","
              AAC("258", "130", ",\"audio_channels\":6")),
         VOYO_CLASS_NONE, "140");
    test("a dub of the better codec",
         INFO(OPUS("251", "136", ",\"language_preference\":-1") ","
              AAC("140", "129.5", ",\"language_preference\":10")),
         VOYO_CLASS_NONE, "140");

    test("a size that is a guess",
         INFO(AAC("139", "48", "") "," "{\"ext\":\"m4a\",\"acodec\":"
              "\"mp4a.40.2\",\"protocol\":\"https\",\"tbr\":129,"
              "\"filesize_approx\":1000,"
              "\"url\":\"https://h/p?itag=140&lmt=17\"}"),
         VOYO_CLASS_NONE, "139");
    test("two sizes for one format",
         INFO(AAC("139", "48", "") "," FORMAT("m4a", "mp4a.40.2", "140",
              "129", "1000", "itag=140\",\"filesize\":\"1", "") ","
              "{\"ext\":\"m4a\",\"acodec\":\"mp4a.40.2\",\"tbr\":129,"
              "\"filesize\":1,\"url\":\"https://h/?itag=140&lmt=1&clen=2\"}"),
         VOYO_CLASS_NONE, "140 139");
    test("no identity in the URL",
         INFO(FORMAT("m4a", "mp4a.40.2", "140", "129", "1000", "x=1", "")),
         VOYO_CLASS_NO_FORMATS, "");
    test("another codec",
         INFO(FORMAT("m4a", "ec-3", "328", "384", "1000", "itag=328", "")),
         VOYO_CLASS_NO_FORMATS, "");
    test("a URL with a line break",
         INFO(FORMAT("m4a", "mp4a.40.2", "140", "129", "1000",
                     "itag=140&x=\\r\\n", "")),
         VOYO_CLASS_NO_FORMATS, "");

    test("sound in video only",
         "{\"total\":1,\"formats\":[{\"ext\":\"mp4\",\"acodec\":\"mp4a.40.2\","
         "\"vcodec\":\"avc1\",\"url\":\"https://h/p?itag=18\"}]}",
         VOYO_CLASS_NO_FORMATS, "");
    test("video without sound", "{\"total\":3,\"formats\":[]}",
         VOYO_CLASS_NO_AUDIO, "");
    test("a playlist of pieces",
         "{\"total\":1,\"formats\":[{\"ext\":\"mp4\",\"acodec\":\"mp4a.40.2\","
         "\"vcodec\":\"none\",\"protocol\":\"m3u8_native\","
         "\"url\":\"https://h/p\"}]}",
         VOYO_CLASS_UNSUPPORTED_PROTOCOL, "");
    test("nothing", "{\"total\":0,\"formats\":[]}", VOYO_CLASS_NO_FORMATS,
         "");
    test("not even a list", "{}", VOYO_CLASS_NO_FORMATS, "");

    test("numbers that are none",
         "{\"total\":1e300,\"duration\":-1e300,\"formats\":["
         AAC("140", "129", "") "]}", VOYO_CLASS_NONE, "140");
    test("a time that is none",
         "{\"total\":1e300,\"live_status\":\"is_upcoming\","
         "\"release_timestamp\":1e300}", VOYO_CLASS_UPCOMING, "");
    test("live, whatever the formats",
         "{\"live_status\":\"is_live\",\"formats\":[" AAC("140", "129", "")
         "]}", VOYO_CLASS_LIVE, "");
    test("live until now",
         "{\"live_status\":\"post_live\",\"formats\":[]}", VOYO_CLASS_LIVE,
         "");
    test("not yet", "{\"live_status\":\"is_upcoming\",\"formats\":[]}",
         VOYO_CLASS_UPCOMING, "");

    test_fields();
    test_texts();
    test_many(2000, VOYO_CLASS_NONE);
    test_many(2001, VOYO_CLASS_EXTRACTOR);
    test_many(100000, VOYO_CLASS_EXTRACTOR);

    return done();
}


static void
test(const char *name, const char *info, voyo_class_t class,
    const char *chosen)
{
    char          list[128];
    cJSON        *json;
    size_t        n;
    unsigned      i;
    choose_t      choose;
    voyo_class_t  got;

    json = parse(info);
    got = choose_record(&choose, json, ID, 10, NOW);

    list[0] = '\0';
    n = 0;

    for (i = 0; i < choose.record.nformats; i++) {
        n += (size_t) snprintf(list + n, sizeof(list) - n, "%s%.3s",
                               n ? " " : "",
                               choose.record.formats[i].representation + 12);
    }

    ok(got == class && strcmp(list, chosen) == 0, "%s: %s%s", name,
       voyo_class_info(got)->name, list);

    cJSON_Delete(json);
}


static void
test_fields(void)
{
    cJSON     *json;
    choose_t   choose;

    json = parse(INFO(FORMAT("m4a", "mp4a.40.2", "140", "129.5", "1000",
                             "itag=140&xtags=drc%3D1", "")));

    ok(choose_record(&choose, json, ID, 10, NOW) == VOYO_CLASS_NONE
       && strcmp(choose.record.formats[0].representation,
                 ID ".140.17.a5edbad2.1000") == 0
       && choose.record.formats[0].bitrate == 129500
       && choose.record.formats[0].size == 1000
       && choose.record.duration == 212091
       && choose.record.sources[0].expires == 1764021600
       && choose.record.sources[0].not_before == 0
       && strcmp(choose.record.sources[0].user_agent, "UA") == 0,
       "what the URL tells, %s",
       choose.record.formats[0].representation);

    ok(choose_record(&choose, json, ID, 10, NOW - 3) == VOYO_CLASS_NONE
       && choose.record.sources[0].not_before == NOW, "a time to wait for");

    ok(choose_record(&choose, json, ID, 10, 1764021600) == VOYO_CLASS_NONE
       && choose.record.sources[0].expires == 1764021600 + 1800,
       "an expiry that makes no sense");

    cJSON_Delete(json);

    json = parse("{\"formats\":[{\"ext\":\"m4a\",\"acodec\":\"mp4a.40.2\","
                 "\"url\":\"https://h/expire/1764009999/p?itag=140&lmt=1"
                 "&clen=1000000&dur=100\"}],\"duration\":7}");

    ok(choose_record(&choose, json, ID, 10, NOW) == VOYO_CLASS_NONE
       && choose.record.sources[0].expires == 1764009999
       && choose.record.formats[0].bitrate == 80000
       && choose.record.formats[0].size == 1000000
       && choose.record.sources[0].user_agent == NULL,
       "what is missing is taken from elsewhere");

    cJSON_Delete(json);

    json = parse("{\"live_status\":\"is_upcoming\",\"formats\":[],"
                 "\"release_timestamp\":1764003600}");

    ok(choose_record(&choose, json, ID, 10, NOW) == VOYO_CLASS_UPCOMING
       && choose.release == 1764003600, "when it comes out");

    cJSON_Delete(json);
}


static void
test_texts(void)
{
    char      *info;
    cJSON     *json;
    size_t     i, n;
    choose_t   choose;

    json = parse("{\"title\":\"a\\nb\",\"artists\":[\"One\",\"Two\"],"
                 "\"album\":\"\",\"loudness\":-3.5,"
                 "\"thumbnail\":\"https://i/x.jpg\",\"formats\":["
                 AAC("140", "129", "") "]}");

    ok(choose_record(&choose, json, ID, 10, NOW) == VOYO_CLASS_NONE
       && strcmp(choose.record.title, "a b") == 0
       && strcmp(choose.record.artist, "One, Two") == 0
       && choose.record.album == NULL && choose.record.has_loudness
       && strcmp(choose.record.artwork, "https://i/x.jpg") == 0,
       "texts, without control characters");

    cJSON_Delete(json);

    json = parse("{\"author\":\"Rick Astley - Topic\",\"thumbnail\":"
                 "\"javascript:x\",\"loudness\":1e9,\"formats\":["
                 AAC("140", "129", "") "]}");

    ok(choose_record(&choose, json, ID, 10, NOW) == VOYO_CLASS_NONE
       && strcmp(choose.record.artist, "Rick Astley") == 0
       && choose.record.title == NULL && choose.record.artwork == NULL
       && !choose.record.has_loudness,
       "an artist's channel, and what is unusable");

    cJSON_Delete(json);

    /* 171 characters of three bytes are 513 */

    info = malloc(4096);
    n = (size_t) snprintf(info, 4096, "{\"title\":\"");

    for (i = 0; i < 171; i++) {
        n += (size_t) snprintf(info + n, 4096 - n, "\xe2\x82\xac");
    }

    snprintf(info + n, 4096 - n, "\",\"formats\":[%s]}",
             AAC("140", "129", ""));

    json = parse(info);

    ok(choose_record(&choose, json, ID, 10, NOW) == VOYO_CLASS_NONE
       && strlen(choose.record.title) == 510, "cut between two characters");

    cJSON_Delete(json);
    free(info);
}


/* Formats are read once, however many there are. */

static void
test_many(unsigned n, voyo_class_t class)
{
    char          *info;
    cJSON         *json;
    double         parsed, chosen;
    size_t         len;
    unsigned       i;
    choose_t       choose;
    voyo_class_t   got;

    info = malloc(n * 3 + 1024);
    len = (size_t) sprintf(info, "{\"total\":1,\"formats\":[%s",
                           AAC("140", "129", ""));

    for (i = 1; i < n; i++) {
        len += (size_t) sprintf(info + len, ",{}");
    }

    strcpy(info + len, "]}");

    parsed = seconds();
    json = parse(info);
    chosen = seconds();
    parsed = chosen - parsed;
    got = choose_record(&choose, json, ID, 10, NOW);
    chosen = seconds() - chosen;

    ok(got == class && (n <= 2000) == (choose.why == NULL),
       "%u formats: %s", n, voyo_class_info(got)->name);
    ok(chosen < 10 * parsed + 0.001, "%u formats are read in %.4f s, looked "
       "at in %.4f", n, parsed, chosen);

    cJSON_Delete(json);
    free(info);
}


/* CPU time of this thread, independent of other load. */

static double
seconds(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);

    return (double) ts.tv_sec + (double) ts.tv_nsec / 1e9;
}


static cJSON *
parse(const char *info)
{
    cJSON  *json;

    json = cJSON_Parse(info);

    if (json == NULL) {
        printf("Bail out! no JSON: %s\n", info);
        exit(1);
    }

    return json;
}
