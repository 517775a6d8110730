
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
    unsigned  cold;                    /* yt-dlp is run for each job */
} first_t;


/*
 * Starts the first worker, which shows whether yt-dlp runs, is new enough,
 * accepts the user's configuration and loads the plugin.  "first" is zeroed.
 * A pending SIGINT or SIGTERM, which are blocked, ends the wait.
 *
 * Returns VOYO_OK; or, logged and without a worker, VOYO_EINVAL for a setting
 * that is wrong, or VOYO_EIO.
 */
int first_start(first_t *first, const config_t *config);


#endif /* _FIRST_H_INCLUDED_ */
