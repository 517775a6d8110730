
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
 * Fills: HEAD requests that a worker sends to the location with "voyo_stream
 * fill".  Each stores one slice of a track in the cache, for a prefetch or for
 * reading ahead (docs/upstream.md, N19).  Fills wait in a bounded queue, and a
 * limited number is in flight at a time.
 */

typedef struct ngx_voyo_fills_s       ngx_voyo_fills_t;
typedef struct ngx_voyo_fill_s        ngx_voyo_fill_t;
typedef struct ngx_voyo_fill_watch_s  ngx_voyo_fill_watch_t;


/*
 * Called once, unless the watch was removed before.  "status" is 200 when the
 * slice is stored; otherwise it is the status of the response, or 0 if there
 * was none, and "retry_after" is its Retry-After in seconds, or 0.
 */
typedef void (*ngx_voyo_fill_pt)(ngx_voyo_fill_watch_t *watch,
    ngx_uint_t status, ngx_uint_t retry_after);


struct ngx_voyo_fill_watch_s {
    ngx_queue_t        queue;
    ngx_voyo_fill_t   *fill;             /* NULL: not watching */
    ngx_voyo_fill_pt   handler;
    void              *data;
};


/*
 * Per worker; "url" must outlive it, and "zone" has the counters.  NULL: no
 * memory.
 */
ngx_voyo_fills_t *ngx_voyo_fills_create(ngx_cycle_t *cycle, ngx_url_t *url,
    ngx_shm_zone_t *zone);

/*
 * Queues a fill, or joins one for the same slice.  "request" is copied.
 * "watch" may be NULL; its owner removes it before its memory is freed.
 *
 * NGX_OK: the fill will be done; NGX_BUSY: too many wait, or the fill is not
 * watched and the worker is shutting down; NGX_ERROR: no memory.
 */
ngx_int_t ngx_voyo_fill_add(ngx_voyo_fills_t *fills,
    ngx_voyo_fill_request_t *request, ngx_voyo_fill_watch_t *watch);

/*
 * Called when an owner disconnects: its fills that still wait and are not
 * watched are dropped.  Fills in flight continue.
 */
void ngx_voyo_fill_leave(ngx_voyo_fills_t *fills, ngx_connection_t *owner);

/* Removes a watch, if it is attached.  The fill continues. */
void ngx_voyo_fill_unwatch(ngx_voyo_fill_watch_t *watch);


#endif /* _NGX_VOYO_FILL_H_INCLUDED_ */
