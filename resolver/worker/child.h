
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _CHILD_H_INCLUDED_
#define _CHILD_H_INCLUDED_


#include <sys/types.h>

#include "config.h"


/*
 * A process of yt-dlp and the parent's ends of its pipes.  It leads its own
 * process group, which is killed with it.
 */
typedef struct {
    pid_t  pid;                        /* and its group; 0: none */
    int    in;                         /* -1: closed */
    int    out;
    int    err;                        /* non-blocking */
} child_t;


/*
 * Starts yt-dlp with the user's options followed by those of "tail", at most
 * CHILD_TAIL_MAX and a NULL, in a whitelisted environment without proxies, and
 * with no other descriptors than its three.  It is killed when the calling
 * thread ends.  Returns VOYO_OK; or VOYO_EIO and errno, then there is nothing
 * to kill.
 */
#define CHILD_TAIL_MAX  24

int child_spawn(child_t *child, const config_t *config,
    const char *const *tail);

/*
 * Waits until "until" for the end of the process.  Returns its exit status as
 * in a shell, and child_kill() still has to be called; or -1.
 */
int child_wait(child_t *child, int64_t until);

/*
 * Kills the whole group, reaps the process and closes the pipes.  A second call
 * does nothing.
 */
void child_kill(child_t *child);

/* Closes a descriptor if it is open, and sets it to -1. */
void child_close(int *fd);


#endif /* _CHILD_H_INCLUDED_ */
