
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_HEARTBEATS_H_INCLUDED_
#define _NGX_VOYO_HEARTBEATS_H_INCLUDED_


#include "ngx_voyo_module.h"
#include "ngx_voyo_redis_connection.h"


#define NGX_VOYO_HEARTBEATS_MAX  16    /* resolvers that are reported */


/*
 * Responds to a request for the state of all parts.  "reply" is what Redis
 * answered to the query for the resolvers' heartbeats, an array of strings or
 * an error, after "usec" microseconds; NULL: Redis is not available.
 */
typedef ngx_int_t (*ngx_voyo_heartbeats_pt)(ngx_http_request_t *r,
    redisReply *reply, ngx_uint_t usec);

/* To be returned from a content handler. */
ngx_int_t ngx_voyo_heartbeats(ngx_http_request_t *r,
    ngx_voyo_heartbeats_pt handler);


#endif /* _NGX_VOYO_HEARTBEATS_H_INCLUDED_ */
