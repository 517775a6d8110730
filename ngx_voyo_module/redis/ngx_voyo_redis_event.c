
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_redis_event.h"

#include <ngx_event.h>


typedef struct {
    redisAsyncContext     *ac;
    ngx_connection_t      *connection;
    void                 (*quit)(void *data);
    void                 (*gone)(void *data, ngx_connection_t *c);
} ngx_voyo_redis_event_t;


static void ngx_voyo_redis_event_read_handler(ngx_event_t *rev);
static void ngx_voyo_redis_event_write_handler(ngx_event_t *wev);
static void ngx_voyo_redis_event_add_read(void *data);
static void ngx_voyo_redis_event_del_read(void *data);
static void ngx_voyo_redis_event_add_write(void *data);
static void ngx_voyo_redis_event_del_write(void *data);
static void ngx_voyo_redis_event_cleanup(void *data);


static void
ngx_voyo_redis_event_read_handler(ngx_event_t *rev)
{
    ngx_connection_t        *c;
    ngx_voyo_redis_event_t  *e;

    c = rev->data;
    e = c->data;

    if (c->close) {
        e->quit(e->ac->data);
        return;
    }

    redisAsyncHandleRead(e->ac);

    /* the context and the connection may be gone */
}


static void
ngx_voyo_redis_event_write_handler(ngx_event_t *wev)
{
    ngx_connection_t        *c;
    ngx_voyo_redis_event_t  *e;

    c = wev->data;
    e = c->data;

    redisAsyncHandleWrite(e->ac);
}


static void
ngx_voyo_redis_event_add_read(void *data)
{
    ngx_event_t             *rev;
    ngx_voyo_redis_event_t  *e;

    e = data;
    rev = e->connection->read;

    /* level-triggered: hiredis reads at most 16 KiB per event */

    if (!rev->active) {
        (void) ngx_add_event(rev, NGX_READ_EVENT, NGX_LEVEL_EVENT);
    }
}


static void
ngx_voyo_redis_event_del_read(void *data)
{
    ngx_event_t             *rev;
    ngx_voyo_redis_event_t  *e;

    e = data;
    rev = e->connection->read;

    if (rev->active) {
        (void) ngx_del_event(rev, NGX_READ_EVENT, 0);
    }
}


static void
ngx_voyo_redis_event_add_write(void *data)
{
    ngx_event_t             *wev;
    ngx_voyo_redis_event_t  *e;

    e = data;
    wev = e->connection->write;

    if (!wev->active) {
        (void) ngx_add_event(wev, NGX_WRITE_EVENT, NGX_LEVEL_EVENT);
    }
}


static void
ngx_voyo_redis_event_del_write(void *data)
{
    ngx_event_t             *wev;
    ngx_voyo_redis_event_t  *e;

    e = data;
    wev = e->connection->write;

    if (wev->active) {
        (void) ngx_del_event(wev, NGX_WRITE_EVENT, 0);
    }
}


static void
ngx_voyo_redis_event_cleanup(void *data)
{
    ngx_connection_t        *c;
    ngx_voyo_redis_event_t  *e;

    e = data;
    c = e->connection;

    /* only remove the events: hiredis closes the socket */

    ngx_voyo_redis_event_del_read(e);
    ngx_voyo_redis_event_del_write(e);

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    if (c->write->posted) {
        ngx_delete_posted_event(c->write);
    }

    c->read->closed = 1;
    c->write->closed = 1;

    if (e->ac->data) {
        e->gone(e->ac->data, c);
    }

    ngx_free_connection(c);

    c->fd = (ngx_socket_t) -1;

    ngx_free(e);
}


ngx_connection_t *
ngx_voyo_redis_event_attach(redisAsyncContext *ac, void (*quit)(void *data),
    void (*gone)(void *data, ngx_connection_t *c), ngx_log_t *log)
{
    ngx_connection_t        *c;
    ngx_voyo_redis_event_t  *e;

    e = ngx_alloc(sizeof(ngx_voyo_redis_event_t), log);
    if (e == NULL) {
        return NULL;
    }

    c = ngx_get_connection(ac->c.fd, log);
    if (c == NULL) {
        ngx_free(e);
        return NULL;
    }

    c->data = e;
    c->log = log;
    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);

    c->read->handler = ngx_voyo_redis_event_read_handler;
    c->read->log = log;
    c->write->handler = ngx_voyo_redis_event_write_handler;
    c->write->log = log;

    e->ac = ac;
    e->connection = c;
    e->quit = quit;
    e->gone = gone;

    ac->ev.data = e;
    ac->ev.addRead = ngx_voyo_redis_event_add_read;
    ac->ev.delRead = ngx_voyo_redis_event_del_read;
    ac->ev.addWrite = ngx_voyo_redis_event_add_write;
    ac->ev.delWrite = ngx_voyo_redis_event_del_write;
    ac->ev.cleanup = ngx_voyo_redis_event_cleanup;

    return c;
}
