
/*
 * Copyright (C) the VOYO authors
 */


#include "clock.h"
#include "worker.h"
#include "voyo_errno.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>


static int worker_fill(worker_t *worker, int64_t until);
static int worker_changed(const char *path, uint64_t before);
static void worker_listen(worker_t *worker);


int
worker_read(worker_t *worker, int64_t until, char **line, size_t *len)
{
    int    rc;
    char  *end;

    if (worker->taken) {
        worker->used -= worker->taken;
        memmove(worker->line, worker->line + worker->taken, worker->used);
        worker->taken = 0;
        worker->scanned = 0;
    }

    for ( ;; ) {

        end = memchr(worker->line + worker->scanned, '\n',
                     worker->used - worker->scanned);

        if (end) {
            *end = '\0';
            *line = worker->line;
            *len = (size_t) (end - worker->line);
            worker->taken = *len + 1;
            return VOYO_OK;
        }

        worker->scanned = worker->used;

        if (worker->used == YTDLP_LINE_MAX) {
            return VOYO_EIO;
        }

        rc = worker_fill(worker, until);

        if (rc != VOYO_OK) {
            return rc;
        }
    }
}


static int
worker_fill(worker_t *worker, int64_t until)
{
    int            n;
    ssize_t        size;
    int64_t        left;
    struct pollfd  fds[2];

    for ( ;; ) {

        left = until - clock_now();

        if (left < 0) {
            left = 0;
        }

        fds[0].fd = worker->child.out;
        fds[0].events = POLLIN;
        fds[1].fd = worker->child.err;
        fds[1].events = POLLIN;

        n = poll(fds, 2, (int) left);

        if (n < 0 && errno != EINTR) {
            return VOYO_EIO;
        }

        if (n <= 0) {
            if (clock_now() >= until) {
                return VOYO_ETIMEOUT;
            }

            continue;
        }

        if (fds[1].revents) {
            worker_listen(worker);
        }

        if (fds[0].revents == 0) {

            /* however much it prints */

            if (clock_now() >= until) {
                return VOYO_ETIMEOUT;
            }

            continue;
        }

        size = read(worker->child.out, worker->line + worker->used,
                    YTDLP_LINE_MAX - worker->used);

        if (size > 0) {
            worker->used += (size_t) size;
            return VOYO_OK;
        }

        if (size == 0 || (errno != EINTR && errno != EAGAIN)) {
            worker_listen(worker);
            return VOYO_EIO;
        }
    }
}


/*
 * Keeps the last line that the worker printed, for the log.  A line is kept
 * from its beginning, since it may arrive in pieces, and log_clean() would not
 * recognize the rest of a URL.
 */

static void
worker_listen(worker_t *worker)
{
    char     text[4096];
    ssize_t  i, n;

    if (worker->child.err < 0) {
        return;
    }

    n = read(worker->child.err, text, sizeof(text));

    if (n <= 0) {
        if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
            child_close(&worker->child.err);
        }

        return;
    }

    for (i = 0; i < n; i++) {

        if (text[i] == '\n') {
            worker->said = 1;
            continue;
        }

        if (worker->said) {
            worker->said = 0;
            worker->nwords = 0;
        }

        if (worker->nwords < sizeof(worker->words) - 1) {
            worker->words[worker->nwords++] = text[i];
        }
    }

    worker->words[worker->nwords] = '\0';
}


int
worker_write(worker_t *worker, const char *line, size_t len)
{
    ssize_t  n;

    /* the pipe is empty, since there is one job at a time */

    do {
        n = write(worker->child.in, line, len);
    } while (n < 0 && errno == EINTR);

    return n == (ssize_t) len ? VOYO_OK : VOYO_EIO;
}


int
worker_wait(worker_t *worker, int64_t until)
{
    int     rc;
    char   *line;
    size_t  len;

    for ( ;; ) {

        rc = worker_read(worker, until, &line, &len);

        if (rc != VOYO_OK) {
            return rc;
        }

        if (ytdlp_ready(&worker->ready, line, len) != VOYO_OK) {

            /* unrelated lines are skipped even if there is no time left */

            if (clock_now() > until) {
                return VOYO_ETIMEOUT;
            }

            continue;
        }

        /* the parent may be a wrapper; a pid outside of the group is wrong */

        if (getpgid(worker->ready.pid) != worker->child.pid) {
            worker->ready.pid = worker->child.pid;
        }

        if (!worker->ready.ready) {
            snprintf(worker->words, sizeof(worker->words), "%s",
                     worker->ready.words);
        }

        worker->code = worker_file(worker->ready.file);
        worker->cookies = worker_file(worker->ready.cookies);

        return VOYO_OK;
    }
}


int
worker_ended(worker_t *worker)
{
    struct pollfd  fd;

    if (worker->child.err >= 0) {
        fd.fd = worker->child.err;
        fd.events = POLLIN;

        if (poll(&fd, 1, 0) > 0) {
            worker_listen(worker);
        }
    }

    fd.fd = worker->child.out;
    fd.events = 0;

    return poll(&fd, 1, 0) > 0;
}


int
worker_killed(worker_t *worker)
{
    return child_wait(&worker->child, clock_now() + WORKER_END)
           == 128 + SIGKILL;
}


const char *
worker_old(const worker_t *worker)
{
    if (worker->jobs >= WORKER_JOBS) {
        return "jobs";
    }

    if (clock_now() >= worker->life) {
        return "age";
    }

    if (worker_rss(worker->ready.pid) > WORKER_RSS) {
        return "memory";
    }

    if (worker_changed(worker->path, worker->program)
        || worker_changed(worker->ready.file, worker->code))
    {
        return "new yt-dlp";
    }

    if (worker_changed(worker->ready.cookies, worker->cookies)) {
        return "new cookies";
    }

    return NULL;
}


/* A missing file is about to be replaced. */

static int
worker_changed(const char *path, uint64_t before)
{
    uint64_t  now;

    now = worker_file(path);

    return now != 0 && before != 0 && now != before;
}


uint64_t
worker_file(const char *path)
{
    uint64_t     id;
    struct stat  st;

    if (path[0] == '\0' || stat(path, &st) != 0) {
        return 0;
    }

    id = (uint64_t) st.st_ino;
    id = id * 1000003 + (uint64_t) st.st_dev;
    id = id * 1000003 + (uint64_t) st.st_size;
    id = id * 1000003 + (uint64_t) st.st_mtim.tv_sec;
    id = id * 1000003 + (uint64_t) st.st_mtim.tv_nsec;

    return id | 1;
}


int
worker_spawn(worker_t *worker, const config_t *config)
{
    const char  *tail[5] = { "--quiet", "--plugin-dirs", NULL, "ytserve:" };

    memset(worker, 0, sizeof(worker_t));

    /* before it is executed, since it may be replaced meanwhile */

    worker->path = config->ytdlp_path;
    worker->program = worker_file(worker->path);

    tail[2] = config->plugin_dir;

    if (child_spawn(&worker->child, config, tail) != VOYO_OK) {
        return VOYO_EIO;
    }

    worker->line = malloc(YTDLP_LINE_MAX);

    if (worker->line == NULL) {
        abort();
    }

    worker->deadline = clock_now() + WORKER_START;
    worker->life = clock_now() + WORKER_LIFE / 10 * 8
                   + (int64_t) worker->child.pid * 1009
                     % (WORKER_LIFE / 10 * 4);

    return VOYO_OK;
}


void
worker_kill(worker_t *worker)
{
    child_kill(&worker->child);

    free(worker->line);
    worker->line = NULL;
}


size_t
worker_rss(pid_t pid)
{
    char           path[64];
    FILE          *file;
    unsigned long  size, resident;

    if (pid <= 0) {
        return 0;
    }

    snprintf(path, sizeof(path), "/proc/%d/statm", (int) pid);

    file = fopen(path, "re");

    if (file == NULL) {
        return 0;
    }

    if (fscanf(file, "%lu %lu", &size, &resident) != 2) {
        resident = 0;
    }

    fclose(file);

    return resident * (size_t) sysconf(_SC_PAGESIZE);
}
