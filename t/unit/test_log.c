
/*
 * Copyright (C) the VOYO authors
 */


/* The log contains no secrets, and each line is valid JSON. */

#include "log.h"
#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


static void test(const char *text, const char *expected);
static void unread(void);
static void convert(const char *line, const char *expected);


int
main(void)
{
    /* other texts are unchanged */

    test("", "");
    test("track \"dQw4w9WgXcQ\" is resolved in 14.8 ms",
         "track \"dQw4w9WgXcQ\" is resolved in 14.8 ms");
    test("what? and/or who", "what? and/or who");
    test("https://h/path/to.mp4 was refused",
         "https://h/path/to.mp4 was refused");

    /* queries, of a whole URL and in the form that urllib3 logs */

    test("<https://h/videoplayback?expire=1&sig=2> failed",
         "<https://h/videoplayback?> failed");
    test("'https://h/x?sig=1', and \"http://h/y?sig=2\"",
         "'https://h/x?', and \"http://h/y?\"");
    test("HTTPSConnectionPool(host='h', port=443): Max retries exceeded with "
         "url: /videoplayback?expire=1&sig=2 (Caused by NewConnectionError)",
         "HTTPSConnectionPool(host='h', port=443): Max retries exceeded with "
         "url: /videoplayback? (Caused by NewConnectionError)");
    test("url=/videoplayback?sig=2", "url=/videoplayback?");
    test("https:\\/\\/h\\/videoplayback?sig=2",
         "https:\\/\\/h\\/videoplayback?");
    test("https://h/a?b\nsecond", "https://h/a? second");

    /* signed paths */

    test("get https://h/api/manifest/hls_playlist/expire/1764/ei/x/ip/1.2.3.4"
         "/id/7/sig/abc/file/index.m3u8 failed",
         "get https://h/api/manifest/hls_playlist/expire/ failed");
    test("/videoplayback/id/7/signature/abc", "/videoplayback/id/7/signature/");
    test("/a/ip/1.2.3.4", "/a/ip/");
    test("https://h/expired/sight", "https://h/expired/sight");

    /* only UTF-8, and no control characters */

    test("a\tb\x1b[0m\x7f", "a b [0m ");
    test("you\xe2\x80\x99re \xf0\x9f\x8e\xb5", "you\xe2\x80\x99re "
                                                "\xf0\x9f\x8e\xb5");
    test("cut \xe2\x80", "cut ??");
    test("cut \xf0\x9f\x8e", "cut ???");
    test("\xff\xc0\xaf \x80", "??? ?");
    test("\xed\xa0\x80 \xf4\x90\x80\x80 \xe0\x80\xaf",
         "??? ???? ???");
    test("https://h/\xe2?\x80x y", "https://h/? y");

    unread();

    /* lines of other programs as JSON */

    setenv("TZ", "UTC-2", 1);
    convert("2026/11/30 21:05:09 [warn] 12#12: *3 a \"b\" \\ c",
            "{\"time\":\"2026-11-30T19:05:09Z\",\"level\":\"warn\","
            "\"message\":\"12#12: *3 a \\\"b\\\" \\\\ c\"}\n");
    convert("voyo: stopped\t\xff", "\"level\":\"info\",\"message\":"
                                    "\"voyo: stopped ?\"}\n");
    convert("2026/11/30 21:05 [warn] x", "\"level\":\"info\",\"message\":"
                                         "\"2026/11/30 21:05 [warn] x\"}\n");
    convert("2026/11/30 21:05:09 [", "\"message\":"
                                     "\"2026/11/30 21:05:09 [\"}\n");

    return done();
}


/* Nobody reads: events are dropped, or the alarm ends the test. */

static void
unread(void)
{
    int    fds[2], errors;
    char   text[4096];
    log_t  log = { 0 };

    if (pipe2(fds, O_NONBLOCK) != 0) {
        ok(0, "there is a pipe");
        return;
    }

    memset(text, 'x', sizeof(text));
    while (write(fds[1], text, sizeof(text)) > 0) { /* void */ }
    fcntl(fds[1], F_SETFL, 0);

    errors = dup(STDERR_FILENO);
    dup2(fds[1], STDERR_FILENO);
    alarm(10);

    log_event(&log, LOG_WARN, "dropped");
    log_event(&log, LOG_WARN, "dropped");

    while (read(fds[0], text, sizeof(text)) > 0) { /* void */ }

    log_event(&log, LOG_WARN, "written");

    alarm(0);
    dup2(errors, STDERR_FILENO);

    memset(text, 0, sizeof(text));
    ok(read(fds[0], text, sizeof(text) - 1) > 0
       && strstr(text, "written, after 2 events") && !strstr(text, "dropped"),
       "events that nobody reads are dropped");
}


/* The object ends like that; a long line is cut. */

static void
convert(const char *line, const char *expected)
{
    char    json[512], longer[1024];
    size_t  len, n;

    len = log_convert(json, sizeof(json) - 1, line);
    json[len] = '\0';
    n = strlen(expected);

    ok(len >= n && strcmp(json + len - n, expected) == 0, "%s", json);

    memset(longer, '"', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    len = log_convert(json, sizeof(json), longer);

    ok(len <= sizeof(json) && memcmp(json + len - 4, "\\\"\"}\n" + 1, 4) == 0,
       "a long line is cut");
}


static void
test(const char *text, const char *expected)
{
    char  copy[512];

    strcpy(copy, text);
    log_clean(copy);

    ok(strcmp(copy, expected) == 0, "%s", expected);
}
