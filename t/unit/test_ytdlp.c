
/*
 * Copyright (C) the VOYO authors
 */


/* The lines between the resolver and a worker, which is not trusted. */

#include "tap.h"
#include "voyo_errno.h"
#include "ytdlp.h"

#include <string.h>


static void test_proof(void);
static void test_ready(void);
static void test_answer(void);
static void test_cold(const char *errors, size_t expected);
static int ready(ytdlp_ready_t *r, const char *line);
static int answer(ytdlp_answer_t *a, const char *line);


int
main(void)
{
    char    line[YTDLP_REQUEST_MAX];
    size_t  len;

    len = ytdlp_request(line, 4294967295u, "dQw4w9WgXcQ", YTDLP_FAST, 12345);

    ok(strcmp(line, "{\"job\":4294967295,\"id\":\"dQw4w9WgXcQ\",\"profile\":"
                    "\"fast\",\"deadline\":12.345}\n") == 0
       && len == strlen(line), "a request");

    ytdlp_request(line, 1, "dQw4w9WgXcQ", YTDLP_FULL, 50);

    ok(strstr(line, "\"full\",\"deadline\":0.050}\n") != NULL,
       "a request of less than a second");

    test_proof();
    test_ready();
    test_answer();

    ok(ytdlp_version_valid("2026.10.26") && ytdlp_version_valid("2026.10")
       && ytdlp_version_valid("2026.11.1") && ytdlp_version_valid("2027.01.01")
       && ytdlp_version_valid("2026.10.26.232809"), "new enough versions");
    ok(!ytdlp_version_valid("2026.09.30") && !ytdlp_version_valid("2023.03.04")
       && !ytdlp_version_valid("2025.12.31") && !ytdlp_version_valid("")
       && !ytdlp_version_valid("nightly"), "others");

    return done();
}


static void
test_proof(void)
{
    char            line[YTDLP_PROOF_MAX], hosts[YTDLP_PROOF_MAX];
    size_t          len;
    voyo_source_t   source;
    ytdlp_answer_t  a;

    source.url = "https://h/x?a=\"\\";
    source.user_agent = "Mozilla/5.0";

    len = ytdlp_proof(line, 7, &source, ".a b", 3433513, 2500);

    ok(strcmp(line, "{\"job\":7,\"url\":\"https://h/x?a=\\\"\\\\\","
                    "\"at\":3433513,\"hosts\":\".a b\",\"deadline\":2.5,"
                    "\"user_agent\":\"Mozilla/5.0\"}\n") == 0
       && len == strlen(line), "a proof");

    source.user_agent = NULL;

    ok(ytdlp_proof(line, 7, &source, ".a", 0, 2500) != 0
       && strstr(line, "user_agent") == NULL, "a proof as nobody");

    memset(hosts, 'a', sizeof(hosts));
    hosts[sizeof(hosts) - 1] = '\0';

    ok(ytdlp_proof(line, 7, &source, hosts, 0, 2500) == 0,
       "a proof with too many hosts");

    ok(answer(&a, "{\"job\":7,\"info\":null,\"status\":206}") == VOYO_OK
       && a.status == 206, "what it answers");
    ytdlp_answer_free(&a);

    ok(answer(&a, "{\"job\":7,\"status\":1e9}") == VOYO_OK && a.status == 0,
       "a status that is none");
    ytdlp_answer_free(&a);
}


static void
test_ready(void)
{
    char           met[YTDLP_MET_MAX];
    ytdlp_ready_t  r;

    ok(ready(&r, "{\"ready\":true,\"version\":\"2026.10.26\",\"pid\":77,"
                 "\"profiles\":[\"fast\",\"full\"]}") == VOYO_OK
       && r.ready && r.fast && r.full && r.words[0] == '\0' && r.pid == 77
       && strcmp(r.version, "2026.10.26") == 0, "ready");

    ok(ready(&r, "{\"ready\":true,\"version\":\"1\",\"pid\":77,"
                 "\"profiles\":[\"full\"]}") == VOYO_OK
       && r.ready && !r.fast && r.full, "ready, with the user's own client");

    ok(ready(&r, "{\"ready\":true,\"version\":\"1\",\"pid\":77,"
                 "\"profiles\":[\"fast\",\"visitor\"],"
                 "\"javascript\":\"none\"}") == VOYO_OK
       && r.ready && r.fast && !r.full && strcmp(r.words, "none") == 0,
       "ready, without JavaScript");

    ok(ready(&r, "{\"ready\":true,\"version\":\"2026.10.26\",\"pid\":77,"
                 "\"cookies\":\"/c\",\"configuration\":"
                 "\"fedcba9876543210\"}") == VOYO_OK
       && strcmp(r.cookies, "/c") == 0
       && r.configuration == 0xfedcba9876543210, "its configuration");

    ytdlp_met(met, ytdlp_version_number(r.version), r.configuration);

    ok(strcmp(met, "2026.10.26-fedcba9876543210") == 0, "in a word");

    ok(ready(&r, "{\"ready\":false,\"version\":\"1\",\"pid\":77,"
                 "\"error\":\"no proxy\"}") == VOYO_OK
       && !r.ready && strcmp(r.words, "no proxy") == 0,
       "not ready, for a proxy");

    ok(ready(&r, "") == VOYO_EINVAL && ready(&r, "Hello!") == VOYO_EINVAL
       && ready(&r, "{}") == VOYO_EINVAL
       && ready(&r, "{\"ready\":true}") == VOYO_EINVAL
       && ready(&r, "{\"ready\":true,\"version\":\"1\",\"pid\":0}")
          == VOYO_EINVAL
       && ready(&r, "{\"ready\":true,\"version\":\"1\",\"pid\":-1}")
          == VOYO_EINVAL
       && ready(&r, "{\"ready\":true,\"version\":\"01234567890123456789012345"
                    "6789012\",\"pid\":1}") == VOYO_EINVAL,
       "what isn't a first line");
}


static void
test_answer(void)
{
    ytdlp_answer_t  a;

    ok(answer(&a, "{\"job\":7,\"info\":{\"title\":\"x\"},\"error\":null,"
                  "\"warnings\":[\"one\",2,\"two\"],\"deadline\":false}")
       == VOYO_OK
       && a.job == 7 && a.info && !a.deadline
       && strcmp(a.text, "one\ntwo\n") == 0 && a.len == 8, "an answer");
    ytdlp_answer_free(&a);

    ok(answer(&a, "{\"job\":7,\"error\":\"bad\",\"warnings\":[\"one\"]}")
       == VOYO_OK
       && strcmp(a.text, "one\nbad\n") == 0 && a.error == 4,
       "where the error begins");
    ytdlp_answer_free(&a);

    test_cold("WARNING: ERROR: x\nERROR: bad\n", 18);
    test_cold("WARNING: one\n", 0);
    test_cold("", 0);

    ok(answer(&a, "{\"job\":7,\"info\":null,\"error\":\"bad\","
                  "\"warnings\":[],\"deadline\":true}") == VOYO_OK
       && a.info == NULL && a.deadline && strcmp(a.text, "bad\n") == 0,
       "a failure");
    ytdlp_answer_free(&a);
    ytdlp_answer_free(&a);

    ok(answer(&a, "{\"job\":7}") == VOYO_OK && a.info == NULL && a.len == 0,
       "the least");
    ytdlp_answer_free(&a);

    ok(answer(&a, "") == VOYO_EINVAL && answer(&a, "[7]") == VOYO_EINVAL
       && answer(&a, "{\"job\":\"7\"}") == VOYO_EINVAL
       && answer(&a, "{\"job\":-1}") == VOYO_EINVAL
       && answer(&a, "{\"job\":1e99}") == VOYO_EINVAL
       && answer(&a, "{\"job\":7,") == VOYO_EINVAL, "what is no answer");
}


static void
test_cold(const char *errors, size_t expected)
{
    ytdlp_answer_t  a;

    ytdlp_cold(&a, "dQw4w9WgXcQ", "", 0, errors, strlen(errors));

    ok(a.info == NULL && strcmp(a.text, errors) == 0 && a.error == expected,
       "where the error begins in a cold one, %zu", a.error);
    ytdlp_answer_free(&a);
}


static int
ready(ytdlp_ready_t *r, const char *line)
{
    return ytdlp_ready(r, line, strlen(line));
}


static int
answer(ytdlp_answer_t *a, const char *line)
{
    return ytdlp_answer(a, line, strlen(line));
}
