
/*
 * Copyright (C) the VOYO authors
 */


#include "redis.h"
#include "voyo_errno.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef VOYO_REDIS_TLS
#include <hiredis/hiredis_ssl.h>
#endif


#define REDIS_CONNECT_TIMEOUT  1000    /* milliseconds, at most */


struct redis_s {
    redis_shared_t   *shared;
    redisContext     *redis;
    struct timeval    timeout;
    char              error[160];
#ifdef VOYO_REDIS_TLS
    redisSSLContext  *ssl;
#endif
};


static redisReply *redis_ask(redis_t *link, int argc, const char **argv,
    const size_t *lengths);
static redisReply *redis_checked(redis_t *link, redisReply *reply);
static int redis_tls(redis_t *link);
static int redis_login(redis_t *link);
static int redis_hello(redis_t *link, int argc, const char **argv);
static void redis_failed(redis_t *link, const char *what);
static void redis_state(redis_t *link, int state);


redisReply *
redis_run(redis_t *link, int argc, const char **argv, const size_t *lengths)
{
    return redis_checked(link, redis_ask(link, argc, argv, lengths));
}


redisReply *
redis_script(redis_t *link, const voyo_script_t *script, int argc,
    const char **argv, size_t *lengths)
{
    redisReply  *reply;

    argv[0] = "EVALSHA";
    argv[1] = script->sha1;

    lengths[0] = strlen(argv[0]);
    lengths[1] = strlen(argv[1]);

    reply = redis_ask(link, argc, argv, lengths);

    if (reply && reply->type == REDIS_REPLY_ERROR
        && voyo_script_refused(reply->str))
    {
        freeReplyObject(reply);

        argv[0] = "EVAL";
        argv[1] = script->text;

        lengths[0] = strlen(argv[0]);
        lengths[1] = strlen(argv[1]);

        reply = redis_ask(link, argc, argv, lengths);
    }

    return redis_checked(link, reply);
}


/* Returns any reply, also an error; NULL: the connection failed. */

static redisReply *
redis_ask(redis_t *link, int argc, const char **argv, const size_t *lengths)
{
    redisReply  *reply;

    if (redis_connect(link) != VOYO_OK) {
        return NULL;
    }

    reply = redisCommandArgv(link->redis, argc, argv, lengths);

    if (reply == NULL) {
        redis_failed(link, link->redis->errstr);
    }

    return reply;
}


static redisReply *
redis_checked(redis_t *link, redisReply *reply)
{
    if (reply == NULL) {
        return NULL;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        redis_failed(link, reply->str);
        freeReplyObject(reply);
        return NULL;
    }

    redis_state(link, 1);

    return reply;
}


int
redis_connect(redis_t *link)
{
    struct timeval           timeout;
    const voyo_redis_url_t  *url;

    if (link->redis) {
        return VOYO_OK;
    }

    url = &link->shared->config->redis;
    timeout = link->timeout;

    if (timeout.tv_sec >= REDIS_CONNECT_TIMEOUT / 1000) {
        timeout.tv_sec = REDIS_CONNECT_TIMEOUT / 1000;
        timeout.tv_usec = 0;
    }

    if (url->path[0]) {
        link->redis = redisConnectUnixWithTimeout(url->path, timeout);

    } else {
        link->redis = redisConnectWithTimeout(url->host, (int) url->port,
                                               timeout);
    }

    if (link->redis == NULL) {
        abort();
    }

    if (link->redis->err) {
        redis_failed(link, link->redis->errstr);
        return VOYO_EIO;
    }

    if (redisSetTimeout(link->redis, link->timeout) != REDIS_OK
        || (url->path[0] == '\0'
            && redisEnableKeepAlive(link->redis) != REDIS_OK)
        || redis_tls(link) != VOYO_OK)
    {
        redis_failed(link, link->redis->errstr);
        return VOYO_EIO;
    }

    return redis_login(link);
}


static int
redis_tls(redis_t *link)
{
#ifdef VOYO_REDIS_TLS

    const char              *file;
    redisSSLContextError     error;
    const voyo_redis_url_t  *url;

    url = &link->shared->config->redis;

    if (!url->tls) {
        return VOYO_OK;
    }

    if (link->ssl == NULL) {
        file = getenv("SSL_CERT_FILE");

        redisInitOpenSSL();

        link->ssl = redisCreateSSLContext(file && *file
                                   ? file
                                   : "/etc/ssl/certs/ca-certificates.crt",
                                   NULL, NULL, NULL, url->host, &error);

        if (link->ssl == NULL) {
            return VOYO_EIO;
        }
    }

    if (redisInitiateSSLWithContext(link->redis, link->ssl) != REDIS_OK) {
        return VOYO_EIO;
    }

#else

    (void) link;    /* the configuration has refused it */

#endif

    return VOYO_OK;
}


static int
redis_login(redis_t *link)
{
    int                      n;
    char                     db[16];
    const char              *argv[3];
    const voyo_redis_url_t  *url;

    url = &link->shared->config->redis;

    if (url->password[0]) {
        n = 0;
        argv[n++] = "AUTH";

        if (url->user[0]) {
            argv[n++] = url->user;
        }

        argv[n++] = url->password;

        if (redis_hello(link, n, argv) != VOYO_OK) {
            return VOYO_EIO;
        }
    }

    if (url->db) {
        snprintf(db, sizeof(db), "%u", url->db);

        argv[0] = "SELECT";
        argv[1] = db;

        if (redis_hello(link, 2, argv) != VOYO_OK) {
            return VOYO_EIO;
        }
    }

    /* a Redis that is loading its file accepts connections, but not commands */

    argv[0] = "PING";

    return redis_hello(link, 1, argv);
}


static int
redis_hello(redis_t *link, int argc, const char **argv)
{
    redisReply  *reply;

    reply = redisCommandArgv(link->redis, argc, argv, NULL);

    if (reply == NULL) {
        redis_failed(link, link->redis->errstr);
        return VOYO_EIO;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        redis_failed(link, reply->str);
        freeReplyObject(reply);
        return VOYO_EIO;
    }

    freeReplyObject(reply);

    return VOYO_OK;
}


static void
redis_failed(redis_t *link, const char *what)
{
    snprintf(link->error, sizeof(link->error), "%s", what);

    redisFree(link->redis);
    link->redis = NULL;

    redis_state(link, -1);
}


static void
redis_state(redis_t *link, int state)
{
    int           before;
    const log_t  *log;

    before = atomic_exchange(&link->shared->state, state);

    if (before == state) {
        return;
    }

    log = &link->shared->config->log;

    if (state < 0) {
        log_event(log, LOG_WARN, "redis can't be used: %s, trying again",
                  link->error);

    } else if (before < 0) {
        log_event(log, LOG_NOTICE, "redis answers again");
    }
}


const char *
redis_error(const redis_t *link)
{
    return link->error;
}


redis_t *
redis_create(redis_shared_t *shared, unsigned ms)
{
    redis_t  *link;

    link = calloc(1, sizeof(redis_t));

    if (link) {
        link->shared = shared;
        link->timeout.tv_sec = ms / 1000;
        link->timeout.tv_usec = ms % 1000 * 1000;
    }

    return link;
}


void
redis_free(redis_t *link)
{
    if (link == NULL) {
        return;
    }

    if (link->redis) {
        redisFree(link->redis);
    }

#ifdef VOYO_REDIS_TLS
    if (link->ssl) {
        redisFreeSSLContext(link->ssl);
    }
#endif

    free(link);
}
