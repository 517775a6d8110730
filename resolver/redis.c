
/*
 * Copyright (C) the VOYO authors
 */


#include "clock.h"
#include "redis.h"
#include "voyo_errno.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef VOYO_REDIS_TLS
#include <hiredis/hiredis_ssl.h>
#endif


#define REDIS_CONNECT_TIMEOUT  1000    /* milliseconds, at most */
#define REDIS_REFUSED          60000   /* ms between two that are logged */


struct redis_s {
    redis_shared_t   *shared;
    redisContext     *redis;
    unsigned          turn;            /* of the addresses of its host */
    struct timeval    timeout;
    char              error[160];
};


static redisReply *redis_ask(redis_t *link, int argc, const char **argv,
    const size_t *lengths);
static redisReply *redis_checked(redis_t *link, redisReply *reply);
static redisContext *redis_dial(redis_t *link, struct timeval timeout);
#ifdef VOYO_REDIS_TLS
static int redis_tls(redis_t *link);
static void redis_tls_free(void *ssl);
#endif
static const char *redis_tls_error(const redis_t *link);
static int redis_login(redis_t *link);
static int redis_hello(redis_t *link, int argc, const char **argv);
static void redis_failed(redis_t *link, const char *what, int refused);
static void redis_state(redis_t *link, int state, int refused);


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

    reply = redis_checked(link, reply);

    /* other commands may be allowed although scripts are not */

    if (reply) {
        redis_state(link, 1, 0);
    }

    return reply;
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
        redis_failed(link, link->redis->errstr, 0);
    }

    return reply;
}


static redisReply *
redis_checked(redis_t *link, redisReply *reply)
{
    if (reply && reply->type == REDIS_REPLY_ERROR) {
        redis_failed(link, reply->str, 1);
        freeReplyObject(reply);
        return NULL;
    }

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
        link->redis = redis_dial(link, timeout);
    }

    if (link->redis == NULL) {
        abort();
    }

    if (link->redis->err) {
        redis_failed(link, link->redis->errstr, 0);
        return VOYO_EIO;
    }

    if (redisSetTimeout(link->redis, link->timeout) != REDIS_OK
        || (url->path[0] == '\0'
            && redisEnableKeepAlive(link->redis) != REDIS_OK)
#ifdef VOYO_REDIS_TLS
        || redis_tls(link) != VOYO_OK
#endif
        )
    {
        redis_failed(link, link->redis->errstr, 0);
        return VOYO_EIO;
    }

    return redis_login(link);
}


/*
 * hiredis tries one address, and of the other family only if there is none of
 * the first (docs/upstream.md, H8).  Here all are tried, from the next one on.
 */

static redisContext *
redis_dial(redis_t *link, struct timeval timeout)
{
    unsigned                 i, n, tries;
    char                     host[NI_MAXHOST];
    redisContext            *redis;
    struct addrinfo          hints, *list, *address;
    const voyo_redis_url_t  *url;

    url = &link->shared->config->redis;
    n = 0;

    memset(&hints, 0, sizeof(struct addrinfo));
    hints.ai_socktype = SOCK_STREAM;

    if (getaddrinfo(url->host, NULL, &hints, &list) != 0) {
        list = NULL;
    }

    for (address = list; address; address = address->ai_next) {
        n++;
    }

    redis = NULL;

    for (tries = 0; tries == 0 || (tries < n && redis->err); tries++) {

        /* if the name is not found, hiredis reports the error */

        strcpy(host, url->host);
        address = list;

        for (i = n ? link->turn++ % n : 0; i; i--) {
            address = address->ai_next;
        }

        if (address) {
            (void) getnameinfo(address->ai_addr, address->ai_addrlen, host,
                               sizeof(host), NULL, 0, NI_NUMERICHOST);
        }

        redisFree(redis);

        redis = redisConnectWithTimeout(host, (int) url->port, timeout);

        if (redis == NULL) {
            abort();
        }
    }

    if (list) {
        freeaddrinfo(list);
    }

    return redis;
}


#ifdef VOYO_REDIS_TLS

static int
redis_tls(redis_t *link)
{
    SSL      *ssl;
    SSL_CTX  *ctx;

    ctx = link->shared->config->redis_tls;

    if (ctx == NULL) {
        return VOYO_OK;
    }

    ssl = voyo_redis_tls_connection(ctx);

    if (ssl == NULL) {
        abort();
    }

    /* freed with the connection, even if hiredis does not take it */

    SSL_up_ref(ssl);

    link->redis->privdata = ssl;
    link->redis->free_privdata = redis_tls_free;

    if (redisInitiateSSL(link->redis, ssl) != REDIS_OK) {
        SSL_free(ssl);
        return VOYO_EIO;
    }

    return VOYO_OK;
}


static void
redis_tls_free(void *ssl)
{
    SSL_free(ssl);
}


static const char *
redis_tls_error(const redis_t *link)
{
    SSL  *ssl;

    ssl = link->redis->privdata;

    return ssl ? voyo_redis_tls_error(ssl) : NULL;
}

#else

static const char *
redis_tls_error(const redis_t *link)
{
    (void) link;

    return NULL;
}

#endif


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
        redis_failed(link, link->redis->errstr, 0);
        return VOYO_EIO;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        redis_failed(link, reply->str, 1);
        freeReplyObject(reply);
        return VOYO_EIO;
    }

    freeReplyObject(reply);

    return VOYO_OK;
}


static void
redis_failed(redis_t *link, const char *what, int refused)
{
    int          state;
    const char  *error;

    error = redis_tls_error(link);
    state = error ? -2 : -1;
    what = error ? error : what;

    snprintf(link->error, sizeof(link->error), "%s", what);

    redisFree(link->redis);
    link->redis = NULL;

    redis_state(link, state, refused);
}


static void
redis_state(redis_t *link, int state, int refused)
{
    int              before;
    int64_t          now;
    redis_shared_t  *shared;

    shared = link->shared;
    before = atomic_exchange(&shared->state, state);

    /* the reason of TLS is logged even if the loss of the connection was */

    if (before == state || (before < state && state < 0)) {
        return;
    }

    if (state > 0) {
        if (atomic_exchange(&shared->told, 0)) {
            log_event(&shared->config->log, LOG_NOTICE, "redis answers again");
        }

        return;
    }

    /* if only some scripts are allowed, the state alternates */

    if (refused) {
        now = clock_now();

        if (atomic_load(&shared->refused)
            && now - atomic_load(&shared->refused) < REDIS_REFUSED)
        {
            return;
        }

        atomic_store(&shared->refused, now);
    }

    atomic_store(&shared->told, 1);

    log_event(&shared->config->log, LOG_WARN, "redis cannot be used: %s, "
              "retrying", link->error);
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

    free(link);
}
