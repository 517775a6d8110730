
/*
 * Copyright (C) the VOYO authors
 */


#include "child.h"
#include "clock.h"
#include "voyo_errno.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>


#define CHILD_ARGS_MAX  (CHILD_TAIL_MAX + 8)
#define CHILD_FD_LAST   3             /* reports a failed exec */


/* Prepared by the parent: a forked child may call safe functions only. */

typedef struct {
    char        *argv[CHILD_ARGS_MAX];
    char       **envp;
    int          in[2];
    int          out[2];
    int          err[2];
    int          failed[2];
    pid_t        parent;
} child_start_t;


static int child_started(child_t *child, child_start_t *start);
static void child_exec(const child_start_t *start)
    __attribute__((noreturn));
static void child_arguments(child_start_t *start, const config_t *config,
    const char *const *tail);
static char **child_environment(void);
static int child_pipes(child_start_t *start);


/*
 * Variables that yt-dlp and its libraries read, except proxies: a media URL is
 * bound to the address that resolved it (docs/upstream.md, G7).
 */

static const char *const  child_names[] = {
    "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LOGNAME", "PATH", "SSL_CERT_DIR",
    "SSL_CERT_FILE", "TMPDIR", "TZ", "USER", "VOYO_JS_RUNTIME",
    "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"
};

#define CHILD_NAMES_N  (sizeof(child_names) / sizeof(char *))


int
child_spawn(child_t *child, const config_t *config, const char *const *tail)
{
    int            rc;
    sigset_t       all, before;
    child_start_t  start;

    child->pid = 0;
    child->in = -1;
    child->out = -1;
    child->err = -1;

    if (child_pipes(&start) != VOYO_OK) {
        return VOYO_EIO;
    }

    child_arguments(&start, config, tail);

    start.envp = child_environment();

    if (start.envp == NULL) {
        abort();
    }

    start.parent = getpid();

    /* until exec, the child must not handle signals with our handlers */

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);

    child->pid = fork();

    if (child->pid == 0) {
        child_exec(&start);
    }

    pthread_sigmask(SIG_SETMASK, &before, NULL);

    rc = child_started(child, &start);

    free(start.envp);

    return rc;
}


static int
child_started(child_t *child, child_start_t *start)
{
    int      error;
    ssize_t  n;

    child_close(&start->in[0]);
    child_close(&start->out[1]);
    child_close(&start->err[1]);
    child_close(&start->failed[1]);

    child->in = start->in[1];
    child->out = start->out[0];
    child->err = start->err[0];

    if (child->pid < 0) {
        error = errno;
        n = sizeof(error);
        child->pid = 0;

    } else {

        /* both parent and child set the group, which avoids a race */

        (void) setpgid(child->pid, child->pid);

        do {
            n = read(start->failed[0], &error, sizeof(error));
        } while (n < 0 && errno == EINTR);
    }

    child_close(&start->failed[0]);

    if (n == (ssize_t) sizeof(error)) {
        child_kill(child);
        errno = error;
        return VOYO_EIO;
    }

    return VOYO_OK;
}


static void
child_exec(const child_start_t *start)
{
    int               error, fd;
    sigset_t          none;
    struct sigaction  sa;

    setpgid(0, 0);

    memset(&sa, 0, sizeof(struct sigaction));
    sa.sa_handler = SIG_DFL;
    sigaction(SIGPIPE, &sa, NULL);

    if (dup2(start->in[0], STDIN_FILENO) >= 0
        && dup2(start->out[1], STDOUT_FILENO) >= 0
        && dup2(start->err[1], STDERR_FILENO) >= 0
        && dup2(start->failed[1], CHILD_FD_LAST) >= 0
        && fcntl(CHILD_FD_LAST, F_SETFD, FD_CLOEXEC) == 0
        && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0
        && getppid() == start->parent)
    {
        if (close_range(CHILD_FD_LAST + 1, ~0u, 0) != 0) {
            for (fd = CHILD_FD_LAST + 1; fd < 65536; fd++) {
                close(fd);
            }
        }

        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);

        execvpe(start->argv[0], start->argv, start->envp);
    }

    error = errno;

    if (write(CHILD_FD_LAST, &error, sizeof(error)) < 0) {
        /* void: the parent will notice that there is no answer */
    }

    _exit(127);
}


static void
child_arguments(child_start_t *start, const config_t *config,
    const char *const *tail)
{
    int  n;

    n = 0;
    start->argv[n++] = (char *) config->ytdlp_path;
    start->argv[n++] = (char *) "--ignore-config";

    if (!config->own_plugins) {
        start->argv[n++] = (char *) "--no-plugin-dirs";
    }

    if (config->ytdlp_conf) {
        start->argv[n++] = (char *) "--config-locations";
        start->argv[n++] = (char *) config->ytdlp_conf;
    }

    if (config->source_address) {
        start->argv[n++] = (char *) "--source-address";
        start->argv[n++] = (char *) config->source_address;
    }

    while (*tail) {
        start->argv[n++] = (char *) *tail++;
    }

    start->argv[n] = NULL;
}


static char **
child_environment(void)
{
    char   **envp;
    size_t   i, n, len;

    envp = calloc(CHILD_NAMES_N + 1, sizeof(char *));

    if (envp == NULL) {
        return NULL;
    }

    n = 0;

    for (i = 0; i < CHILD_NAMES_N; i++) {

        char  **e;

        len = strlen(child_names[i]);

        for (e = environ; *e; e++) {
            if (strncmp(*e, child_names[i], len) == 0 && (*e)[len] == '=') {
                envp[n++] = *e;
                break;
            }
        }
    }

    return envp;
}


static int
child_pipes(child_start_t *start)
{
    int    i;
    int   *pipes[4];

    pipes[0] = start->in;
    pipes[1] = start->out;
    pipes[2] = start->err;
    pipes[3] = start->failed;

    for (i = 0; i < 4; i++) {

        /* a pipe's descriptor must not be one that the child replaces */

        if (pipe2(pipes[i], O_CLOEXEC) != 0) {
            while (i-- > 0) {
                child_close(&pipes[i][0]);
                child_close(&pipes[i][1]);
            }

            return VOYO_EIO;
        }
    }

    (void) fcntl(start->err[0], F_SETFL, O_NONBLOCK);

    return VOYO_OK;
}


int
child_wait(child_t *child, int64_t until)
{
    siginfo_t  info;

    memset(&info, 0, sizeof(siginfo_t));

    /* it stays a zombie, so that its pid remains that of the group */

    while (waitid(P_PID, (id_t) child->pid, &info, WEXITED|WNOHANG|WNOWAIT)
           != 0
           || info.si_pid == 0)
    {
        if (clock_now() >= until) {
            return -1;
        }

        clock_sleep(2);
    }

    return info.si_code == CLD_EXITED ? info.si_status
                                      : 128 + info.si_status;
}


void
child_kill(child_t *child)
{
    pid_t  pid;

    if (child->pid > 0) {

        /* before it is reaped: after that the pid may be reused */

        kill(-child->pid, SIGKILL);
        kill(child->pid, SIGKILL);

        do {
            pid = waitpid(child->pid, NULL, 0);
        } while (pid < 0 && errno == EINTR);

        child->pid = 0;
    }

    child_close(&child->in);
    child_close(&child->out);
    child_close(&child->err);
}


void
child_close(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}
