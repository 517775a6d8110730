
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_FILL_H_INCLUDED_
#define _NGX_VOYO_FILL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_voyo_fill_message.h"


/*
 * Fills: HEAD requests that a worker sends to the location of "voyo_stream …
 * fill", which stores one slice of a track in the cache, for a prefetch or for
 * reading ahead (docs/upstream.md, N19).  They wait in a bounded queue, and
 * few are in flight at a time.
 */

typedef struct ngx_voyo_fills_s       ngx_voyo_fills_t;
typedef struct ngx_voyo_fill_s        ngx_voyo_fill_t;
typedef struct ngx_voyo_fill_watch_s  ngx_voyo_fill_watch_t;


/*
 * Called once, unless it was taken off before.  "status" is 200 when the slice
 * is stored; else that of the answer, or 0 when there was none, and
 * "retry_after" its Retry-After in seconds, 0 for none.
 */
typedef void (*ngx_voyo_fill_pt)(ngx_voyo_fill_watch_t *watch,
    ngx_uint_t status, ngx_uint_t retry_after);


struct ngx_voyo_fill_watch_s {
    ngx_queue_t        queue;
    ngx_voyo_fill_t   *fill;             /* NULL: not watching */
    ngx_voyo_fill_pt   handler;
    void              *data;
};


/* For one worker; "address" lives on.  NULL: no memory. */
ngx_voyo_fills_t *ngx_voyo_fills_create(ngx_cycle_t *cycle,
    ngx_addr_t *address);

/*
 * Queues a fill, or joins one of the same slice.  All is copied.  "watch" may
 * be NULL; its owner takes it off before its memory goes.
 *
 * NGX_OK: it will be done; NGX_BUSY: too many wait, or nobody would and the
 * worker is to quit; NGX_ERROR: no memory.
 */
ngx_int_t ngx_voyo_fill_add(ngx_voyo_fills_t *fills,
    ngx_voyo_fill_request_t *request, ngx_voyo_fill_watch_t *watch);

/*
 * An owner goes: what it asked for, still waits and is not watched is dropped.
 * What is in flight goes on.
 */
void ngx_voyo_fill_leave(ngx_voyo_fills_t *fills, ngx_connection_t *owner);

/* Takes a watch off; nothing when it doesn't watch.  The fill goes on. */
void ngx_voyo_fill_unwatch(ngx_voyo_fill_watch_t *watch);


#endif /* _NGX_VOYO_FILL_H_INCLUDED_ */
