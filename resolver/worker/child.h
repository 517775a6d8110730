
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _CHILD_H_INCLUDED_
#define _CHILD_H_INCLUDED_


#include <sys/types.h>

#include "config.h"


/*
 * A process of yt-dlp and our ends of its pipes.  It leads a process group of
 * its own, which dies with it.
 */
typedef struct {
    pid_t  pid;                        /* and its group; 0: there is none */
    int    in;                         /* -1: closed */
    int    out;
    int    err;                        /* does not block */
} child_t;


/*
 * Starts yt-dlp with the user's options and then those of "tail", at most
 * CHILD_TAIL_MAX and a NULL, in a whitelisted environment without proxies,
 * with no descriptor but its three, and so that it is killed when the thread
 * that calls this ends.  Returns VOYO_OK, or VOYO_EIO and the system's reason
 * in errno; then there is nothing to kill.
 */
#define CHILD_TAIL_MAX  24

int child_spawn(child_t *child, const config_t *config,
    const char *const *tail);

/*
 * Whether the process has ended; how is then in "*status", as a shell has it,
 * and child_kill() is still to be called.
 */
int child_ended(child_t *child, int *status);

/*
 * Kills the whole group, reaps the process and closes the pipes.  A second
 * time does nothing.
 */
void child_kill(child_t *child);

/* Closes a descriptor that is open, and remembers that. */
void child_close(int *fd);


#endif /* _CHILD_H_INCLUDED_ */
