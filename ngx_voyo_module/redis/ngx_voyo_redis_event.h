
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
 * Ties a fresh asynchronous context to nginx's event loop.  hiredis keeps the
 * socket and closes it; the connection given back to the caller is only the
 * events' and is gone once the context is freed (docs/upstream.md, H2, H3).
 * "quit" is called with ac->data when nginx closes idle connections, "gone"
 * when the connection is about to be gone; neither once ac->data is NULL.
 *
 * Returns NULL when there are no connections left; the context is unchanged.
 */
ngx_connection_t *ngx_voyo_redis_event_attach(redisAsyncContext *ac,
    void (*quit)(void *data), void (*gone)(void *data, ngx_connection_t *c),
    ngx_log_t *log);


#endif /* _NGX_VOYO_REDIS_EVENT_H_INCLUDED_ */
