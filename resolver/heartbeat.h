
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _HEARTBEAT_H_INCLUDED_
#define _HEARTBEAT_H_INCLUDED_


#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "voyo_class.h"
#include "ytdlp.h"


#define HEARTBEAT_EVERY  2             /* seconds */


typedef enum {
    HEARTBEAT_DOWN = 0,                /* waits before its next start */
    HEARTBEAT_STARTING,
    HEARTBEAT_IDLE,
    HEARTBEAT_BUSY,
    HEARTBEAT_STATES
} heartbeat_state_t;


/* What a thread shows of its worker. */

typedef struct {
    atomic_int  state;
    atomic_int  group;                 /* its process group, 0: none */
    atomic_int  pid;                   /* yt-dlp in it */
} heartbeat_worker_t;


/*
 * What the threads tell and the heartbeat shows.  The first part is set
 * before they start.
 */
typedef struct {
    char                version[YTDLP_VERSION_MAX];
    int64_t             started_at;    /* Unix time, seconds */
    unsigned            nworkers;

    heartbeat_worker_t  workers[CONFIG_WORKERS_MAX];
    atomic_ullong       ok;
    atomic_ullong       failed[VOYO_CLASS_MAX];
    atomic_llong        last_success;  /* Unix time, 0: none yet */
} heartbeat_t;


/*
 * The heartbeat as JSON; "play" and "prefetch" are the lengths of the queues.
 * The caller's to free(); NULL: out of memory.
 */
char *heartbeat_json(heartbeat_t *heartbeat, const config_t *config,
    int64_t play, int64_t prefetch);


#endif /* _HEARTBEAT_H_INCLUDED_ */
