
/*
 * Copyright (C) the VOYO authors
 */


/* Platforms use all forms of Redis addresses. */

#include "tap.h"
#include "voyo_errno.h"
#include "voyo_redis_url.h"

#include <string.h>


static void test_good(const char *text, const char *host, const char *path,
    unsigned port, unsigned db, const char *user, const char *password,
    unsigned tls);
static void test_cacert(const char *text, const char *cacert);
static void test_bad(const char *text, const char *why);


int
main(void)
{
    test_good("redis://localhost", "localhost", "", 6379, 0, "", "", 0);
    test_good("redis://localhost/", "localhost", "", 6379, 0, "", "", 0);
    test_good("redis://10.0.0.1:6380/3", "10.0.0.1", "", 6380, 3, "", "", 0);
    test_good("redis://[fd12::1]:6380", "fd12::1", "", 6380, 0, "", "", 0);
    test_good("redis://[::1]", "::1", "", 6379, 0, "", "", 0);
    test_good("redis://:secret@host", "host", "", 6379, 0, "", "secret", 0);
    test_good("redis://me:a%40b%3Ac%2f@host:1/2", "host", "", 1, 2, "me",
              "a@b:c/", 0);
    test_good("redis://me:a@b@host", "host", "", 6379, 0, "me", "a@b", 0);
    test_good("rediss://default:x@host:6379", "host", "", 6379, 0, "default",
              "x", 1);
    test_good("unix:/run/redis.sock", "", "/run/redis.sock", 6379, 0, "", "",
              0);
    test_good("unix:///run/redis.sock?db=4", "", "/run/redis.sock", 6379, 4,
              "", "", 0);

    test_cacert("rediss://host?cacert=/etc/ca.pem", "/etc/ca.pem");
    test_cacert("rediss://u:p@host:1/2?cacert=/a%20b@c", "/a b@c");
    test_cacert("rediss://host", "");

    test_bad("", "nothing");
    test_bad("localhost:6379", "no scheme");
    test_bad("http://localhost", "another scheme");
    test_bad("redis://", "no host");
    test_bad("redis://:6379", "a port alone");
    test_bad("redis://host:0", "port 0");
    test_bad("redis://host:65536", "a port too high");
    test_bad("redis://host:6379x", "a port that is none");
    test_bad("redis://host:", "an empty port");
    test_bad("redis://[::1", "an open bracket");
    test_bad("redis://[::1]6379", "no colon after the bracket");
    test_bad("redis://host/db", "a database that is no number");
    test_bad("redis://host/99999999999999999999", "a number too large");
    test_bad("redis://secret@host", "a user without a password");
    test_bad("redis://:%zz@host", "a bad escape");
    test_bad("redis://:%4@host", "half an escape");
    test_bad("redis://:%00@host", "an escaped zero");
    test_bad("redis://ho st", "a space in the host");
    test_bad("redis://host?cacert=/etc/ca.pem", "certificates without TLS");
    test_bad("rediss://host?cacert=", "no certificates");
    test_bad("rediss://host?cacert=ca.pem", "a relative path of them");
    test_bad("rediss://host/0?family=0", "another parameter with TLS");
    test_bad("unix:redis.sock", "a relative path");
    test_bad("unix:/x?db=", "an empty database");
    test_bad("unix:/x?other=1", "another parameter");
    test_bad("unix:/"
             "0123456789012345678901234567890123456789012345678901234567890"
             "0123456789012345678901234567890123456789012345678901234567890",
             "a path too long");

    return done();
}


static void
test_good(const char *text, const char *host, const char *path, unsigned port,
    unsigned db, const char *user, const char *password, unsigned tls)
{
    const char        *reason;
    voyo_redis_url_t   url;

    ok(voyo_redis_url_parse(&url, text, strlen(text), &reason) == VOYO_OK
       && strcmp(url.host, host) == 0 && strcmp(url.path, path) == 0
       && strcmp(url.user, user) == 0 && strcmp(url.password, password) == 0
       && url.port == port && url.db == db && url.tls == tls,
       "%s", text);
}


static void
test_cacert(const char *text, const char *cacert)
{
    const char        *reason;
    voyo_redis_url_t   url;

    ok(voyo_redis_url_parse(&url, text, strlen(text), &reason) == VOYO_OK
       && strcmp(url.cacert, cacert) == 0, "%s", text);
}


static void
test_bad(const char *text, const char *why)
{
    const char        *reason;
    voyo_redis_url_t   url;

    reason = NULL;

    ok(voyo_redis_url_parse(&url, text, strlen(text), &reason) == VOYO_EINVAL
       && reason && strstr(reason, "secret") == NULL,
       "%s is refused, with a reason", why);
}
