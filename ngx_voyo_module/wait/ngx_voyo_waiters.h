
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
 * A worker's table of tracks that somebody waits for.  A node is a track; it
 * owns the question in flight, and waiters hang off it.  The table asks by the
 * callback it was made with: at once for a new node, every second while
 * somebody waits, and when it is told that something happened.
 */

typedef struct ngx_voyo_waiters_s         ngx_voyo_waiters_t;
typedef struct ngx_voyo_waiters_node_s    ngx_voyo_waiters_node_t;
typedef struct ngx_voyo_waiter_s       ngx_voyo_waiter_t;


typedef enum {
    NGX_VOYO_RECORD = 0,       /* "record" has it */
    NGX_VOYO_FAILURE,          /* "record" says why */
    NGX_VOYO_NO_RESOLVER,      /* nobody is there to resolve it */
    NGX_VOYO_NO_REDIS,         /* nobody can be asked */
    NGX_VOYO_TIMEOUT           /* the waiter's own deadline */
} ngx_voyo_outcome_e;


/*
 * Called once for a waiter, after it was taken off the table.  It may destroy
 * itself and others, or wait again.  "record" is NULL unless said above, and
 * is gone when the callback returns.
 */
typedef void (*ngx_voyo_waiter_pt)(ngx_voyo_waiter_t *w,
    ngx_voyo_outcome_e outcome, const voyo_record_t *record);


struct ngx_voyo_waiter_s {
    ngx_queue_t            queue;
    ngx_voyo_waiters_node_t  *node;          /* NULL: not waiting */
    uint64_t               newer_than;    /* a generation */
    ngx_uint_t             play;          /* a listener, not a prefetch */
    ngx_event_t            timer;
    ngx_voyo_waiter_pt     handler;
    void                  *data;
};


struct ngx_voyo_waiters_node_s {
    ngx_str_node_t         sn;            /* the track */
    ngx_queue_t            waiters;
    ngx_event_t            timer;         /* asks again */
    ngx_voyo_waiters_t       *wait;
    uint64_t               newer_than;    /* the least of the waiters' */
    ngx_uint_t             play;          /* one of them does */
    ngx_uint_t             failed;        /* questions in a row */
    unsigned               asking:1;      /* a question is in flight */
    unsigned               again:1;       /* ask once more after it */
    u_char                 track[VOYO_TRACK_LEN];
};


/*
 * Asks for node->sn.str, newer than node->newer_than, for a listener if
 * node->play.  NGX_OK: the answer will come by ngx_voyo_waiters_answer(),
 * later, never from within; NGX_ERROR: nobody can be asked now.
 */
typedef ngx_int_t (*ngx_voyo_ask_pt)(ngx_voyo_waiters_node_t *node, void *data);

/* Called as the number of waiters in the table changes by "n". */
typedef void (*ngx_voyo_count_pt)(ngx_int_t n, void *data);


/* NULL: no memory.  Lives as long as "pool". */
ngx_voyo_waiters_t *ngx_voyo_waiters_create(ngx_pool_t *pool, ngx_log_t *log,
    ngx_uint_t max, ngx_voyo_ask_pt ask, ngx_voyo_count_pt count, void *data);

/*
 * Waits for a track with a generation above w->newer_than, for "timeout"
 * milliseconds.  The caller set newer_than, play, handler and data, and removes
 * the waiter before its memory goes.
 *
 * NGX_AGAIN: it waits, the handler will be called, later.  NGX_BUSY: "max"
 * wait already.  NGX_DECLINED: nobody can be asked.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_voyo_waiters_add(ngx_voyo_waiters_t *wait, ngx_voyo_waiter_t *w,
    ngx_str_t *track, ngx_msec_t timeout);

/* Takes a waiter off; nothing when it doesn't wait. */
void ngx_voyo_waiters_remove(ngx_voyo_waiter_t *w);

/* Something was published of a track: asks at once if somebody waits. */
ngx_uint_t ngx_voyo_waiters_event(ngx_voyo_waiters_t *wait, ngx_str_t *track);

/*
 * The answer to a question.  "pending" tells that there is none yet; else
 * "outcome" and "record" go to all whom they satisfy.  The node may be gone
 * afterwards.
 */
void ngx_voyo_waiters_answer(ngx_voyo_waiters_node_t *node, ngx_uint_t pending,
    ngx_voyo_outcome_e outcome, const voyo_record_t *record);

/*
 * The question was lost with Redis.  It is asked again in a second; the third
 * time in a row the waiters are told.
 */
void ngx_voyo_waiters_failed(ngx_voyo_waiters_node_t *node);


#endif /* _NGX_VOYO_WAITERS_H_INCLUDED_ */
