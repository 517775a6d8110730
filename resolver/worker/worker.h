
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _WORKER_H_INCLUDED_
#define _WORKER_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "child.h"
#include "config.h"
#include "ytdlp.h"


#define WORKER_JOBS   2000             /* docs/upstream.md, Y5 */
#define WORKER_LIFE   7200000          /* milliseconds, plus or minus 20 % */
#define WORKER_RSS    (160 << 20)      /* bytes */
#define WORKER_START  15000            /* milliseconds to become ready */
#define WORKER_END    100              /* from the end of its pipe to its own */


/*
 * One warm yt-dlp, and the data read from it.  A worker belongs to one thread;
 * only that spawns, writes to, reads from, kills and reaps it.
 */
typedef struct {
    child_t        child;
    char          *line;               /* data read, YTDLP_LINE_MAX */
    size_t         used;
    size_t         scanned;            /* bytes known to have no line feed */
    size_t         taken;              /* bytes of the last line returned */
    char           words[256];         /* its last line on stderr */
    size_t         nwords;             /* their length */
    int            said;               /* the line is complete */
    ytdlp_ready_t  ready;
    int64_t        deadline;           /* to be ready, on clock_now() */
    int64_t        life;               /* when to replace it */
    unsigned       jobs;               /* number of tracks so far */
    uint64_t       program;            /* the executed file, those of its */
    uint64_t       code;               /* code and cookies: worker_file() */
    uint64_t       cookies;
    const char    *path;
} worker_t;


/*
 * Starts yt-dlp with the plugin and the user's options, in a whitelisted
 * environment without proxies.  "worker" must be empty.  Returns VOYO_OK; or
 * VOYO_EIO and errno, and there is no process.
 */
int worker_spawn(worker_t *worker, const config_t *config);

/*
 * Waits until "until" for the worker's first line.  Returns VOYO_OK and sets
 * "ready"; VOYO_ETIMEOUT; or VOYO_EIO: it ended, its last line is in "words".
 */
int worker_wait(worker_t *worker, int64_t until);

/* Writes a line of at most PIPE_BUF bytes.  VOYO_OK, or VOYO_EIO: it ended. */
int worker_write(worker_t *worker, const char *line, size_t len);

/*
 * Waits until "until" for a line; it is valid until the next call and has no
 * line feed.  Returns VOYO_OK; VOYO_ETIMEOUT; or VOYO_EIO: the worker ended,
 * or its line is too long.
 */
int worker_read(worker_t *worker, int64_t until, char **line, size_t *len);

/* Identifies a version of a file; 0: there is none. */
uint64_t worker_file(const char *path);

/* Whether an idle worker has ended. */
int worker_ended(worker_t *worker);

/* Whether a worker that has closed its pipe was killed by SIGKILL. */
int worker_killed(worker_t *worker);

/* Why the worker should be replaced, or NULL. */
const char *worker_old(const worker_t *worker);

/* Kills and reaps the whole group, frees everything; may be called twice. */
void worker_kill(worker_t *worker);

/* Resident memory of a process in bytes, 0: unknown. */
size_t worker_rss(pid_t pid);


#endif /* _WORKER_H_INCLUDED_ */
