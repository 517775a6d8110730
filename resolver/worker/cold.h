
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _COLD_H_INCLUDED_
#define _COLD_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>

#include "child.h"
#include "config.h"
#include "ytdlp.h"


#define COLD_OUTPUT_MAX  (8 * 1024 * 1024)
#define COLD_ERRORS_MAX  (16 * 1024)


/* A yt-dlp that runs for one job, if none can be kept warm. */

typedef struct {
    child_t   child;
    char     *output;                  /* JSON */
    size_t    used;
    size_t    size;
    char      errors[COLD_ERRORS_MAX];
    size_t    nerrors;
} cold_t;


/*
 * Starts yt-dlp for the track "id".  Returns VOYO_OK, and cold_kill() must be
 * called; or VOYO_EIO and errno.
 */
int cold_spawn(cold_t *cold, const config_t *config, const char *id,
    ytdlp_profile_t profile);

/*
 * Waits until "until" for its end.  Returns VOYO_OK; VOYO_ETIMEOUT; or
 * VOYO_EIO: it was killed, or printed more than COLD_OUTPUT_MAX.
 */
int cold_wait(cold_t *cold, int64_t until);

/* Kills the whole group, reaps it and frees everything. */
void cold_kill(cold_t *cold);

/*
 * Whether yt-dlp runs with the user's configuration: VOYO_OK and its version;
 * or VOYO_EIO.
 */
int cold_version(const config_t *config, char version[YTDLP_VERSION_MAX]);


#endif /* _COLD_H_INCLUDED_ */
