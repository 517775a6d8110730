
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_REDIS_CONNECTION_H_INCLUDED_
#define _NGX_VOYO_REDIS_CONNECTION_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <hiredis/hiredis.h>
#include <hiredis/async.h>

#include "ngx_voyo_redis_address.h"


/*
 * A worker's connections to Redis: one for commands, one that is subscribed
 * to a channel.  They connect, time out and reconnect by themselves, keep
 * nothing open in a worker that is shutting down, and never block.
 */

typedef struct ngx_voyo_redis_s  ngx_voyo_redis_t;


/*
 * Called once for each command: with the reply, which is freed when it
 * returns, or with NULL if the connection was lost or the reply timed out.
 */
typedef void (*ngx_voyo_redis_reply_pt)(void *data, redisReply *reply);

/*
 * A message of the channel; or NULL, before the first: commands are accepted,
 * and all that is published from now on is received.
 */
typedef void (*ngx_voyo_redis_message_pt)(void *data, ngx_str_t *message);


/* Starts connecting.  "channel" must outlive it.  NULL: no memory. */
ngx_voyo_redis_t *ngx_voyo_redis_create(ngx_cycle_t *cycle,
    ngx_voyo_redis_conf_t *conf, const char *channel,
    ngx_voyo_redis_message_pt handler, void *data);

/*
 * Sends a command.  NGX_OK: the callback will be called once, later;
 * NGX_ERROR: it will not, Redis is not available now.
 */
ngx_int_t ngx_voyo_redis_command(ngx_voyo_redis_t *redis,
    ngx_voyo_redis_reply_pt handler, void *data, int argc, const char **argv);

/*
 * A reply was an error that is not about its command.  The error is logged, at
 * most once a minute, and the connection soon replaced: it may lead to a Redis
 * that has become a replica.
 */
void ngx_voyo_redis_refused(ngx_voyo_redis_t *redis, const char *error);

/* A command that might have been refused was not. */
void ngx_voyo_redis_accepted(ngx_voyo_redis_t *redis);

/* Why TLS fails, for /health; NULL: it does not. */
const char *ngx_voyo_redis_error(ngx_voyo_redis_t *redis);

/* The process at the other end of a unix socket; 0: unknown. */
ngx_pid_t ngx_voyo_redis_pid(ngx_voyo_redis_t *redis);

/*
 * While held ("n" is 1 to hold, -1 to release) the connections stay open in a
 * worker that is shutting down.
 */
void ngx_voyo_redis_hold(ngx_voyo_redis_t *redis, ngx_int_t n);


#endif /* _NGX_VOYO_REDIS_CONNECTION_H_INCLUDED_ */
