
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_REDIS_CONNECTION_H_INCLUDED_
#define _NGX_VOYO_REDIS_CONNECTION_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <hiredis/hiredis.h>
#include <hiredis/async.h>

#include "voyo_redis_url.h"


/*
 * A worker's connections to Redis: one for commands, one that is subscribed
 * to a channel.  They connect, time out and reconnect by themselves, keep
 * nothing open in a worker that is shutting down, and never block.
 */

typedef struct ngx_voyo_redis_s  ngx_voyo_redis_t;


typedef struct ngx_voyo_redis_conf_s {
    voyo_redis_url_t      url;
    char                  numeric[NGX_SOCKADDR_STRLEN];  /* of url.host */
} ngx_voyo_redis_conf_t;


/*
 * Called once for each command: with the reply, which is freed when it
 * returns, or with NULL if the connection was lost or the reply timed out.
 */
typedef void (*ngx_voyo_redis_reply_pt)(void *data, redisReply *reply);

/* A message of the channel. */
typedef void (*ngx_voyo_redis_message_pt)(void *data, ngx_str_t *message);


/* Reads "voyo_redis url"; names are resolved now, at configuration time. */
char *ngx_voyo_redis_conf(ngx_conf_t *cf, ngx_str_t *text,
    ngx_voyo_redis_conf_t *conf);

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

/* The process at the other end of a unix socket; 0: unknown. */
ngx_pid_t ngx_voyo_redis_pid(ngx_voyo_redis_t *redis);

/*
 * While held ("n" is 1 to hold, -1 to release) the connections stay open in a
 * worker that is shutting down.
 */
void ngx_voyo_redis_hold(ngx_voyo_redis_t *redis, ngx_int_t n);


#endif /* _NGX_VOYO_REDIS_CONNECTION_H_INCLUDED_ */
