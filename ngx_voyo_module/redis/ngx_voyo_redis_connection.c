
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_redis_connection.h"
#include "ngx_voyo_redis_event.h"

#include <ngx_event.h>

#if (VOYO_REDIS_TLS)
#include <hiredis/hiredis_ssl.h>
#endif


#define NGX_VOYO_REDIS_TIMEOUT    1000    /* ms, of a connect and a reply */
#define NGX_VOYO_REDIS_BACKOFF    50      /* ms, doubled with each failure */
#define NGX_VOYO_REDIS_PAUSE_MAX  800     /* ms */
#define NGX_VOYO_REDIS_TELL       60      /* s, until it is logged again */


typedef struct {
    ngx_queue_t                 queue;
    ngx_voyo_redis_t           *redis;
    ngx_voyo_redis_reply_pt     handler;
    void                       *data;
    ngx_msec_t                  sent;
} ngx_voyo_redis_call_t;


struct ngx_voyo_redis_s {
    ngx_voyo_redis_conf_t      *conf;
    ngx_voyo_redis_address_t    address;
    ngx_log_t                  *log;

    redisAsyncContext          *commands;
    redisAsyncContext          *events;
    ngx_connection_t           *commands_connection;
    ngx_connection_t           *events_connection;

    const char                 *channel;
    ngx_voyo_redis_message_pt   handler;
    void                       *data;

    ngx_queue_t                 calls;    /* in flight, oldest first */
    ngx_event_t                 timer;    /* connects again, or gives up */
    ngx_event_t                 watch;    /* timeout of the oldest call */
    ngx_msec_t                  pause;
    ngx_uint_t                  holders;
    const char                 *tls_error;   /* NULL: none */
    time_t                      told_at;
    time_t                      refused_at;  /* that was logged */

    unsigned                    up:1;     /* both are "ready" */
    unsigned                    ready:2;  /* commands, events */
    unsigned                    tried:1;  /* not the first attempt */
    unsigned                    refused:1;   /* the last command */
    unsigned                    told:1;   /* it was logged as unavailable */
};


static void ngx_voyo_redis_reply(redisAsyncContext *ac, void *reply,
    void *data);
static void ngx_voyo_redis_watch(ngx_event_t *ev);
static void ngx_voyo_redis_idle(ngx_voyo_redis_t *redis);
static void ngx_voyo_redis_connect(void *data);
static redisAsyncContext *ngx_voyo_redis_open(ngx_voyo_redis_t *redis,
    ngx_connection_t **connection);
#if (VOYO_REDIS_TLS)
static ngx_int_t ngx_voyo_redis_tls(ngx_voyo_redis_t *redis,
    redisAsyncContext *ac);
static void ngx_voyo_redis_tls_failed(ngx_voyo_redis_t *redis,
    redisAsyncContext *ac);
#endif
static ngx_int_t ngx_voyo_redis_greet(ngx_voyo_redis_t *redis,
    redisAsyncContext *ac);
static ngx_int_t ngx_voyo_redis_subscribe(ngx_voyo_redis_t *redis);
static void ngx_voyo_redis_admitted(redisAsyncContext *ac, void *reply,
    void *data);
static void ngx_voyo_redis_ready(ngx_voyo_redis_t *redis, unsigned sign);
static void ngx_voyo_redis_well(ngx_voyo_redis_t *redis);
static void ngx_voyo_redis_message(redisAsyncContext *ac, void *reply,
    void *data);
static void ngx_voyo_redis_connected(const redisAsyncContext *ac, int status);
static void ngx_voyo_redis_disconnected(const redisAsyncContext *ac,
    int status);
static void ngx_voyo_redis_forget(ngx_voyo_redis_t *redis,
    const redisAsyncContext *ac);
static void ngx_voyo_redis_lost(ngx_voyo_redis_t *redis, const char *why,
    const char *error);
static void ngx_voyo_redis_tell(ngx_voyo_redis_t *redis, const char *why,
    const char *error);
static void ngx_voyo_redis_close(ngx_voyo_redis_t *redis);
static void ngx_voyo_redis_quit(void *data);
static void ngx_voyo_redis_gone(void *data, ngx_connection_t *c);
static void ngx_voyo_redis_retry(ngx_event_t *ev);


ngx_int_t
ngx_voyo_redis_command(ngx_voyo_redis_t *redis,
    ngx_voyo_redis_reply_pt handler, void *data, int argc, const char **argv)
{
    ngx_voyo_redis_call_t  *call;

    if (ngx_exiting && redis->commands == NULL && redis->holders == 0) {

        /* one more request in a worker that is shutting down */

        ngx_voyo_redis_close(redis);

        redis->tried = 0;

        ngx_voyo_redis_connect(redis);
    }

    /* on the first attempt hiredis queues commands until it is connected */

    if (redis->commands == NULL || (!redis->up && redis->tried)) {
        return NGX_ERROR;
    }

    call = ngx_alloc(sizeof(ngx_voyo_redis_call_t), redis->log);
    if (call == NULL) {
        return NGX_ERROR;
    }

    call->redis = redis;
    call->handler = handler;
    call->data = data;
    call->sent = ngx_current_msec;

    if (redisAsyncCommandArgv(redis->commands, ngx_voyo_redis_reply, call,
                              argc, argv, NULL)
        != REDIS_OK)
    {
        ngx_free(call);
        return NGX_ERROR;
    }

    ngx_queue_insert_tail(&redis->calls, &call->queue);

    if (!redis->watch.timer_set) {
        ngx_add_timer(&redis->watch, NGX_VOYO_REDIS_TIMEOUT);
    }

    ngx_voyo_redis_idle(redis);

    return NGX_OK;
}


static void
ngx_voyo_redis_reply(redisAsyncContext *ac, void *reply, void *data)
{
    void                     *call_data;
    ngx_voyo_redis_t         *redis;
    ngx_voyo_redis_call_t    *call;
    ngx_voyo_redis_reply_pt   handler;

    call = data;
    redis = call->redis;
    handler = call->handler;
    call_data = call->data;

    ngx_queue_remove(&call->queue);
    ngx_free(call);

    if (ngx_queue_empty(&redis->calls) && redis->watch.timer_set) {
        ngx_del_timer(&redis->watch);
    }

    handler(call_data, reply);

    ngx_voyo_redis_idle(redis);
}


static void
ngx_voyo_redis_watch(ngx_event_t *ev)
{
    ngx_msec_t              age;
    ngx_queue_t            *q;
    ngx_voyo_redis_t       *redis;
    ngx_voyo_redis_call_t  *call;

    redis = ev->data;

    if (ngx_queue_empty(&redis->calls)) {
        return;
    }

    q = ngx_queue_head(&redis->calls);
    call = ngx_queue_data(q, ngx_voyo_redis_call_t, queue);

    age = ngx_current_msec - call->sent;

    if (age < NGX_VOYO_REDIS_TIMEOUT) {
        ngx_add_timer(ev, NGX_VOYO_REDIS_TIMEOUT - age);
        return;
    }

    ngx_voyo_redis_lost(redis, "timed out", NULL);
}


void
ngx_voyo_redis_refused(ngx_voyo_redis_t *redis, const char *error)
{
    if (!redis->up) {
        return;
    }

    redis->refused = 1;

    /* it may allow some commands and not others */

    if (redis->refused_at == 0
        || ngx_time() - redis->refused_at >= NGX_VOYO_REDIS_TELL)
    {
        ngx_voyo_redis_tell(redis, "refused a command", error);
        redis->refused_at = ngx_time();
    }

    /* the connection is used until then, since reads may work */

    if (!redis->timer.timer_set && redis->address.resolving == NULL) {
        ngx_add_timer(&redis->timer, redis->pause);
        redis->pause = ngx_min(redis->pause * 2, NGX_VOYO_REDIS_PAUSE_MAX);
    }
}


void
ngx_voyo_redis_accepted(ngx_voyo_redis_t *redis)
{
    if (redis->refused) {
        redis->refused = 0;
        ngx_voyo_redis_well(redis);
    }
}


const char *
ngx_voyo_redis_error(ngx_voyo_redis_t *redis)
{
    return redis->tls_error;
}


ngx_pid_t
ngx_voyo_redis_pid(ngx_voyo_redis_t *redis)
{
    socklen_t     len;
    struct ucred  cred;

    len = sizeof(struct ucred);

    if (redis->commands == NULL
        || redis->conf->url.path[0] == '\0'
        || getsockopt(redis->commands->c.fd, SOL_SOCKET, SO_PEERCRED, &cred,
                      &len)
           == -1)
    {
        return 0;
    }

    return cred.pid;
}


void
ngx_voyo_redis_hold(ngx_voyo_redis_t *redis, ngx_int_t n)
{
    redis->holders += n;

    ngx_voyo_redis_idle(redis);
}


static void
ngx_voyo_redis_idle(ngx_voyo_redis_t *redis)
{
    unsigned  idle;

    /* a worker that is shutting down closes idle connections */

    idle = (redis->holders == 0 && ngx_queue_empty(&redis->calls));

    if (idle && ngx_exiting) {
        ngx_voyo_redis_close(redis);
        return;
    }

    if (redis->commands_connection) {
        redis->commands_connection->idle = idle;
    }

    if (redis->events_connection) {
        redis->events_connection->idle = idle;
    }
}


static void
ngx_voyo_redis_connect(void *data)
{
    ngx_voyo_redis_t  *redis;

    redis = data;

    /* it refused a command: hiredis queues commands for the new connection */

    if (redis->up) {
        redis->tried = 0;
        ngx_voyo_redis_close(redis);
    }

    if (redis->conf->url.path[0] == '\0' && redis->address.text[0] == '\0') {
        ngx_voyo_redis_lost(redis, "host was not found",
                            redis->conf->url.host);
        return;
    }

    redis->ready = 0;
    redis->commands = ngx_voyo_redis_open(redis, &redis->commands_connection);
    redis->events = ngx_voyo_redis_open(redis, &redis->events_connection);

    if (redis->commands == NULL || redis->events == NULL
        || ngx_voyo_redis_greet(redis, redis->commands) != NGX_OK
        || ngx_voyo_redis_greet(redis, redis->events) != NGX_OK
        || ngx_voyo_redis_subscribe(redis) != NGX_OK)
    {
        ngx_voyo_redis_lost(redis, "connect failed", NULL);
        return;
    }

    ngx_add_timer(&redis->timer, NGX_VOYO_REDIS_TIMEOUT);

    /* a worker that is shutting down has a command to send */

    if (!ngx_exiting) {
        ngx_voyo_redis_idle(redis);
    }
}


static redisAsyncContext *
ngx_voyo_redis_open(ngx_voyo_redis_t *redis, ngx_connection_t **connection)
{
    voyo_redis_url_t   *url;
    redisAsyncContext  *ac;

    url = &redis->conf->url;

    if (url->path[0]) {
        ac = redisAsyncConnectUnix(url->path);

    } else {
        ac = redisAsyncConnect(redis->address.text, url->port);
    }

    if (ac == NULL) {
        return NULL;
    }

    if (ac->err) {
        redisAsyncFree(ac);
        return NULL;
    }

    ac->data = redis;

    *connection = ngx_voyo_redis_event_attach(ac, ngx_voyo_redis_quit,
                                              ngx_voyo_redis_gone,
                                              redis->log);
    if (*connection == NULL) {
        redisAsyncFree(ac);
        return NULL;
    }

    if (url->path[0] == '\0') {
        (void) redisEnableKeepAlive(&ac->c);
    }

    redisAsyncSetConnectCallback(ac, ngx_voyo_redis_connected);
    redisAsyncSetDisconnectCallback(ac, ngx_voyo_redis_disconnected);

#if (VOYO_REDIS_TLS)

    if (redis->conf->tls && ngx_voyo_redis_tls(redis, ac) != NGX_OK) {
        *connection = NULL;
        ac->data = NULL;
        redisAsyncFree(ac);
        return NULL;
    }

#endif

    return ac;
}


#if (VOYO_REDIS_TLS)

/* hiredis completes the handshake before it sends the first command. */

static ngx_int_t
ngx_voyo_redis_tls(ngx_voyo_redis_t *redis, redisAsyncContext *ac)
{
    SSL  *ssl;

    ssl = voyo_redis_tls_connection(redis->conf->tls);
    if (ssl == NULL) {
        return NGX_ERROR;
    }

    ac->c.privdata = ssl;

    if (redisInitiateSSL(&ac->c, ssl) != REDIS_OK) {
        ngx_voyo_redis_tls_failed(redis, ac);
        SSL_free(ssl);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_voyo_redis_tls_failed(ngx_voyo_redis_t *redis, redisAsyncContext *ac)
{
    const char  *error;

    if (redis->conf->tls == NULL || ac == NULL) {
        return;
    }

    error = voyo_redis_tls_error(ac->c.privdata);

    if (error) {

        /* the reason is logged even if the loss of the connection was */

        if (redis->tls_error == NULL) {
            redis->told = 0;
        }

        redis->tls_error = error;
    }
}

#endif


static ngx_int_t
ngx_voyo_redis_greet(ngx_voyo_redis_t *redis, redisAsyncContext *ac)
{
    int                rc;
    voyo_redis_url_t  *url;

    url = &redis->conf->url;
    rc = REDIS_OK;

    if (url->password[0] && url->user[0]) {
        rc = redisAsyncCommand(ac, ngx_voyo_redis_admitted, redis,
                               "AUTH %s %s", url->user, url->password);

    } else if (url->password[0]) {
        rc = redisAsyncCommand(ac, ngx_voyo_redis_admitted, redis, "AUTH %s",
                               url->password);
    }

    if (rc == REDIS_OK && url->db) {
        rc = redisAsyncCommand(ac, ngx_voyo_redis_admitted, redis,
                               "SELECT %d", (int) url->db);
    }

    /* the reply to this one shows that Redis accepts commands */

    if (rc == REDIS_OK && ac == redis->commands) {
        rc = redisAsyncCommand(ac, ngx_voyo_redis_admitted, redis, "PING");
    }

    return rc == REDIS_OK ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_voyo_redis_subscribe(ngx_voyo_redis_t *redis)
{
    if (redisAsyncCommand(redis->events, ngx_voyo_redis_message, redis,
                          "SUBSCRIBE %s", redis->channel)
        != REDIS_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* Redis may reply to commands after a refused AUTH or SELECT all the same. */

static void
ngx_voyo_redis_admitted(redisAsyncContext *ac, void *reply, void *data)
{
    redisReply        *r;
    ngx_voyo_redis_t  *redis;

    r = reply;
    redis = data;

    if (r == NULL) {
        return;
    }

    if (r->type == REDIS_REPLY_ERROR) {
        ngx_voyo_redis_lost(redis, "returned an error", r->str);
        return;
    }

    if (r->type == REDIS_REPLY_STATUS && ngx_strcmp(r->str, "PONG") == 0) {
        ngx_voyo_redis_ready(redis, 1);
    }
}


static void
ngx_voyo_redis_ready(ngx_voyo_redis_t *redis, unsigned sign)
{
    redis->ready |= sign;

    if (redis->ready != 3 || redis->up) {
        return;
    }

    redis->up = 1;
    redis->tried = 1;
    redis->tls_error = NULL;

    if (redis->timer.timer_set) {
        ngx_del_timer(&redis->timer);
    }

    /* after a refusal, wait for a successful reply */

    if (!redis->refused) {
        ngx_voyo_redis_well(redis);
    }

    redis->handler(redis->data, NULL);
}


static void
ngx_voyo_redis_well(ngx_voyo_redis_t *redis)
{
    if (redis->told) {
        ngx_log_error(NGX_LOG_NOTICE, redis->log, 0, "redis is back");
    }

    redis->told = 0;
    redis->pause = NGX_VOYO_REDIS_BACKOFF;
}


static void
ngx_voyo_redis_message(redisAsyncContext *ac, void *reply, void *data)
{
    ngx_str_t          message;
    redisReply        *r;
    ngx_voyo_redis_t  *redis;

    r = reply;
    redis = data;

    /* "subscribe", the channel, 1; then "message", the channel, the text */

    if (r == NULL
        || r->type != REDIS_REPLY_ARRAY
        || r->elements != 3
        || r->element[0]->type != REDIS_REPLY_STRING)
    {
        return;
    }

    if (ngx_strcmp(r->element[0]->str, "subscribe") == 0) {
        ngx_voyo_redis_ready(redis, 2);
        return;
    }

    if (r->element[2]->type != REDIS_REPLY_STRING
        || ngx_strcmp(r->element[0]->str, "message") != 0)
    {
        return;
    }

    message.data = (u_char *) r->element[2]->str;
    message.len = r->element[2]->len;

    redis->handler(redis->data, &message);
}


static void
ngx_voyo_redis_connected(const redisAsyncContext *ac, int status)
{
    ngx_voyo_redis_t  *redis;

    if (status == REDIS_OK) {
        return;
    }

    redis = ac->data;

    if (redis) {
        redis->tls_error = NULL;

        ngx_voyo_redis_forget(redis, ac);
        ngx_voyo_redis_lost(redis, "connect failed", ac->errstr);
    }
}


static void
ngx_voyo_redis_disconnected(const redisAsyncContext *ac, int status)
{
    ngx_voyo_redis_t  *redis;

    redis = ac->data;

    if (redis) {
        ngx_voyo_redis_forget(redis, ac);

        /* a refused SUBSCRIBE is one too (docs/upstream.md, H7) */

        ngx_voyo_redis_lost(redis, "connection was lost",
                            status == REDIS_OK ? NULL : ac->errstr);
    }
}


static void
ngx_voyo_redis_forget(ngx_voyo_redis_t *redis, const redisAsyncContext *ac)
{
    /* hiredis frees the context itself when the callback has returned */

    if (redis->commands == ac) {
        redis->commands = NULL;
        redis->commands_connection = NULL;
    }

    if (redis->events == ac) {
        redis->events = NULL;
        redis->events_connection = NULL;
    }
}


static void
ngx_voyo_redis_lost(ngx_voyo_redis_t *redis, const char *why,
    const char *error)
{
    if (redis->tls_error) {
        why = "TLS failed";
        error = redis->tls_error;
    }

    if (!redis->told || ngx_time() - redis->told_at >= NGX_VOYO_REDIS_TELL) {
        ngx_voyo_redis_tell(redis, why, error);
    }

    redis->tried = 1;

    ngx_voyo_redis_close(redis);

    if (ngx_exiting && redis->holders == 0) {
        return;
    }

    ngx_add_timer(&redis->timer, redis->pause);
    redis->pause = ngx_min(redis->pause * 2, NGX_VOYO_REDIS_PAUSE_MAX);
}


static void
ngx_voyo_redis_tell(ngx_voyo_redis_t *redis, const char *why,
    const char *error)
{
    redis->told = 1;
    redis->told_at = ngx_time();

    ngx_log_error(NGX_LOG_WARN, redis->log, 0,
                  "redis %s%s%s%s, unknown tracks are answered with 503 until "
                  "it is back", why, error ? ": \"" : "", error ? error : "",
                  error ? "\"" : "");
}


static void
ngx_voyo_redis_close(ngx_voyo_redis_t *redis)
{
    redisAsyncContext  *ac[2];

    ac[0] = redis->commands;
    ac[1] = redis->events;

    redis->up = 0;
    redis->commands = NULL;
    redis->commands_connection = NULL;
    redis->events = NULL;
    redis->events_connection = NULL;

    ngx_voyo_redis_address_stop(&redis->address);

    /* without data a context's callbacks do nothing */

    if (ac[0]) {
        ac[0]->data = NULL;
        redisAsyncFree(ac[0]);
    }

    if (ac[1]) {
        ac[1]->data = NULL;
        redisAsyncFree(ac[1]);
    }
}


static void
ngx_voyo_redis_quit(void *data)
{
    ngx_voyo_redis_t  *redis;

    redis = data;

    if (redis) {
        ngx_voyo_redis_close(redis);
    }
}


static void
ngx_voyo_redis_gone(void *data, ngx_connection_t *c)
{
    ngx_voyo_redis_t  *redis;

    redis = data;

    /* before anything else in this worker finds OpenSSL's errors */

    if (redis->commands_connection == c) {
        redis->commands_connection = NULL;
#if (VOYO_REDIS_TLS)
        ngx_voyo_redis_tls_failed(redis, redis->commands);
#endif
    }

    if (redis->events_connection == c) {
        redis->events_connection = NULL;
#if (VOYO_REDIS_TLS)
        ngx_voyo_redis_tls_failed(redis, redis->events);
#endif
    }
}


static void
ngx_voyo_redis_retry(ngx_event_t *ev)
{
    ngx_voyo_redis_t  *redis;

    redis = ev->data;

    if (ngx_exiting && redis->holders == 0) {
        return;
    }

    if (redis->commands && !redis->up) {
        ngx_voyo_redis_lost(redis, "timed out", NULL);
        return;
    }

    ngx_voyo_redis_address_find(&redis->address);
}


ngx_voyo_redis_t *
ngx_voyo_redis_create(ngx_cycle_t *cycle, ngx_voyo_redis_conf_t *conf,
    const char *channel, ngx_voyo_redis_message_pt handler, void *data)
{
    ngx_voyo_redis_t  *redis;

    redis = ngx_pcalloc(cycle->pool, sizeof(ngx_voyo_redis_t));
    if (redis == NULL) {
        return NULL;
    }

    redis->conf = conf;
    redis->address.conf = conf;
    redis->address.handler = ngx_voyo_redis_connect;
    redis->address.data = redis;
    redis->log = cycle->log;
    redis->channel = channel;
    redis->handler = handler;
    redis->data = data;
    redis->pause = NGX_VOYO_REDIS_BACKOFF;

    ngx_queue_init(&redis->calls);

    redis->timer.handler = ngx_voyo_redis_retry;
    redis->timer.data = redis;
    redis->timer.log = cycle->log;
    redis->timer.cancelable = 1;

    /* not cancelable: a worker does not exit with a call in flight */

    redis->watch.handler = ngx_voyo_redis_watch;
    redis->watch.data = redis;
    redis->watch.log = cycle->log;

    /* the cached time may still be the master's */

    ngx_time_update();

    ngx_voyo_redis_address_find(&redis->address);

    return redis;
}
