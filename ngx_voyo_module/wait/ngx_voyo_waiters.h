
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_WAITERS_H_INCLUDED_
#define _NGX_VOYO_WAITERS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "voyo_record.h"


/*
 * A worker's table of tracks that are waited for.  A node is a track; it owns
 * the query in flight, and waiters are attached to it.  The table queries with
 * the callback it was created with: at once for a new node, every second while
 * there are waiters, and on events.
 */

#define NGX_VOYO_WAIT_REPEAT  1000    /* ms */


typedef struct ngx_voyo_waiters_s         ngx_voyo_waiters_t;
typedef struct ngx_voyo_waiters_node_s    ngx_voyo_waiters_node_t;
typedef struct ngx_voyo_waiter_s       ngx_voyo_waiter_t;


typedef enum {
    NGX_VOYO_RECORD = 0,       /* "record" has it */
    NGX_VOYO_FAILURE,          /* "record" says why */
    NGX_VOYO_NO_RESOLVER,      /* no resolver is alive */
    NGX_VOYO_NO_REDIS,         /* Redis is not available */
    NGX_VOYO_TIMEOUT           /* the waiter's own deadline */
} ngx_voyo_outcome_e;


/* What a track is wanted for, the most urgent last. */

typedef enum {
    NGX_VOYO_LANE_PREFETCH = 0,
    NGX_VOYO_LANE_INFO,        /* a client waits for it, and does not listen */
    NGX_VOYO_LANE_PLAY
} ngx_voyo_lane_e;


/*
 * Called once for a waiter, after it was removed from the table.  It may
 * destroy itself and others, or wait again.  "record" is NULL unless stated
 * above, and is freed when the callback returns.
 */
typedef void (*ngx_voyo_waiter_pt)(ngx_voyo_waiter_t *w,
    ngx_voyo_outcome_e outcome, const voyo_record_t *record);


struct ngx_voyo_waiter_s {
    ngx_queue_t            queue;
    ngx_voyo_waiters_node_t  *node;          /* NULL: not waiting */
    uint64_t               newer_than;    /* a generation */
    ngx_voyo_lane_e        lane;
    uint64_t               client;        /* its key, or 0 */
    ngx_str_t              request_id;
    ngx_event_t            timer;
    ngx_voyo_waiter_pt     handler;
    void                  *data;
};


struct ngx_voyo_waiters_node_s {
    ngx_str_node_t         sn;            /* the track */
    ngx_queue_t            waiters;
    ngx_event_t            timer;         /* queries again */
    ngx_voyo_waiters_t       *wait;
    uint64_t               newer_than;    /* the lowest of the waiters' */
    ngx_voyo_lane_e        lane;          /* the most urgent */
    uint64_t               client;        /* the newest in that lane */
    ngx_str_t              request_id;    /* its, while it is queried */
    ngx_uint_t             failed;        /* queries in a row */
    unsigned               asking:1;      /* a query is in flight */
    unsigned               again:1;       /* query once more after it */
    unsigned               pending:1;     /* the last answer was that */
    u_char                 track[VOYO_TRACK_LEN];
};


/*
 * Queries node->sn.str, newer than node->newer_than, for node->client in
 * node->lane.  NGX_OK: ngx_voyo_waiters_answer() will be called later, never
 * from within; NGX_ERROR: Redis is not available now.
 */
typedef ngx_int_t (*ngx_voyo_ask_pt)(ngx_voyo_waiters_node_t *node, void *data);

/*
 * Called as the last waiter of node->lane leaves without an answer, when it was
 * queried for that lane.  "client" is the waiter's, or 0 after its deadline.
 */
typedef void (*ngx_voyo_leave_pt)(ngx_voyo_waiters_node_t *node,
    uint64_t client, void *data);

/* Called as a waiter is added to the table ("n" is 1) or removed (-1). */
typedef void (*ngx_voyo_count_pt)(ngx_voyo_waiter_t *w, ngx_int_t n,
    void *data);


/* NULL: no memory.  Lives as long as "pool". */
ngx_voyo_waiters_t *ngx_voyo_waiters_create(ngx_pool_t *pool, ngx_log_t *log,
    ngx_uint_t max, ngx_voyo_ask_pt ask, ngx_voyo_leave_pt leave,
    ngx_voyo_count_pt count, void *data);

/*
 * Waits for a track with a generation above w->newer_than, for "timeout"
 * milliseconds.  The caller sets newer_than, lane, client, request_id,
 * handler and data, and removes the waiter before its memory is freed.
 *
 * NGX_AGAIN: it waits, the handler will be called later.  NGX_BUSY: "max" wait
 * already.  NGX_DECLINED: Redis is not available.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_voyo_waiters_add(ngx_voyo_waiters_t *wait, ngx_voyo_waiter_t *w,
    ngx_str_t *track, ngx_msec_t timeout);

/* Removes a waiter, if it waits. */
void ngx_voyo_waiters_remove(ngx_voyo_waiter_t *w);

/* An event names a track: queries at once if there are waiters. */
ngx_uint_t ngx_voyo_waiters_event(ngx_voyo_waiters_t *wait, ngx_str_t *track);

/*
 * The answer to a query.  With "pending" there is no result yet, and the next
 * query is sent after so many milliseconds, or a second if that is earlier;
 * otherwise all waiters that "outcome" and "record" satisfy are called.  The
 * node may be freed afterwards.
 */
void ngx_voyo_waiters_answer(ngx_voyo_waiters_node_t *node, ngx_msec_t pending,
    ngx_voyo_outcome_e outcome, const voyo_record_t *record);

/*
 * The query was lost with the connection.  It is repeated after a second; the
 * third time in a row the waiters are called.
 */
void ngx_voyo_waiters_failed(ngx_voyo_waiters_node_t *node);


#endif /* _NGX_VOYO_WAITERS_H_INCLUDED_ */
