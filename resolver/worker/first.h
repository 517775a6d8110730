
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _FIRST_H_INCLUDED_
#define _FIRST_H_INCLUDED_


#include "config.h"
#include "worker.h"
#include "ytdlp.h"


typedef struct {
    worker_t  worker;                  /* unless "cold" */
    char      version[YTDLP_VERSION_MAX];
    unsigned  cold;                    /* yt-dlp is to be run for each job */
} first_t;


/*
 * Starts a first worker: only that shows whether yt-dlp can be run, is new
 * enough, understands the user's configuration and takes the plugin.  "first"
 * is zeroed.  SIGINT and SIGTERM, which are blocked, end the wait for it.
 *
 * Returns VOYO_OK; or VOYO_EIO, logged, and there is no worker.
 */
int first_start(first_t *first, const config_t *config);


#endif /* _FIRST_H_INCLUDED_ */
