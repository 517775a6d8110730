
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _THREAD_H_INCLUDED_
#define _THREAD_H_INCLUDED_


#include <stdatomic.h>
#include <stdint.h>

#include "choose.h"
#include "classify.h"
#include "config.h"
#include "heartbeat.h"
#include "keeper.h"
#include "store.h"
#include "ytdlp.h"


#define JOB_GRACE    3000              /* ms for a running job on shutdown */
#define JOB_WAIT     500               /* ms between checks of the stop flag */
#define JOB_STOPPED  1                 /* in addition to VOYO_OK, VOYO_E… */


/* Tells the threads to stop, and when to give up running jobs. */

typedef struct {
    atomic_int    stopping;
    atomic_llong  until;               /* on clock_now() */
} job_stop_t;


/*
 * One thread of the resolver.  Its pointers refer to shared data, which is
 * constant or atomic; the rest belongs to the thread.
 */
typedef struct {
    const config_t    *config;
    const classify_t  *classify;
    heartbeat_t       *heartbeat;
    job_stop_t        *stop;

    store_t           *store;
    keeper_t           keeper;
    unsigned           index;
    unsigned           job;            /* number of the last job */
    unsigned           question;       /* of the last line to the worker */
    int64_t            canary;         /* when the next is due */
} job_thread_t;


/* A running job. */

typedef struct {
    store_job_t      popped;
    char             token[STORE_TOKEN_MAX];
    int64_t          generation;       /* of the record to come */
    unsigned         leased:1;

    int64_t          began;            /* microseconds */
    int64_t          asked;            /* of those, waiting for yt-dlp */
    int64_t          end;              /* milliseconds, on clock_now() */
    int64_t          renew;

    ytdlp_profile_t  profile;
    unsigned         preferred:1;      /* it starts with the full profile */
    unsigned         full:1;           /* the full profile was used */
    unsigned         doubted:1;        /* and another, see HEARTBEAT_DOUBT */
    voyo_class_t     class;
    unsigned         unconfirmed:1;    /* not confirmed by the full profile */
    char             met[YTDLP_MET_MAX];    /* what resolves it */
    ytdlp_answer_t   answer;           /* the last one */
    size_t           line;             /* offset of the reason in its text */
    choose_t         choose;
} job_t;


#endif /* _THREAD_H_INCLUDED_ */
