
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _JOB_H_INCLUDED_
#define _JOB_H_INCLUDED_


#include <stdatomic.h>
#include <stdint.h>

#include "classify.h"
#include "config.h"
#include "heartbeat.h"
#include "keeper.h"
#include "store.h"


#define JOB_GRACE  3000                /* ms for a running job at the end */


/* What the threads are told: to stop, and when to give up what they do. */

typedef struct {
    atomic_int    stopping;
    atomic_llong  until;               /* on worker_now() */
} job_stop_t;


/*
 * One thread of the resolver.  What it points to is shared, and is either
 * only read or atomic; the rest is the thread's own.
 */
typedef struct {
    const config_t    *config;
    const classify_t  *classify;
    heartbeat_t       *heartbeat;
    job_stop_t        *stop;

    store_t           *store;
    keeper_t           keeper;
    unsigned           index;
    unsigned           job;            /* the number of the last one */
} job_thread_t;


/*
 * Runs jobs until it is told to stop: pops one when its worker is ready, takes
 * the track's lease, asks yt-dlp, stores what comes of it and tells everybody.
 * "data" is a job_thread_t.  Returns NULL, and leaves no process.
 */
void *job_thread(void *data);


#endif /* _JOB_H_INCLUDED_ */
