
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_REDIS_EVENT_H_INCLUDED_
#define _NGX_VOYO_REDIS_EVENT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <hiredis/hiredis.h>
#include <hiredis/async.h>


/*
 * Attaches a new asynchronous context to nginx's event loop.  hiredis owns the
 * socket and closes it; the returned connection only serves the events, and is
 * freed with the context (docs/upstream.md, H2, H3).  "quit" is called with
 * ac->data when nginx closes idle connections, "gone" just before the
 * connection is freed; neither is called once ac->data is NULL.
 *
 * Returns NULL if no connections are left; the context is then unchanged.
 */
ngx_connection_t *ngx_voyo_redis_event_attach(redisAsyncContext *ac,
    void (*quit)(void *data), void (*gone)(void *data, ngx_connection_t *c),
    ngx_log_t *log);


#endif /* _NGX_VOYO_REDIS_EVENT_H_INCLUDED_ */
