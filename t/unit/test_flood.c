
/*
 * Copyright (C) the VOYO authors
 */


/* Endless output does not extend a deadline. */

#include "clock.h"
#include "cold.h"
#include "tap.h"
#include "voyo_errno.h"
#include "worker.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


static void test_worker(int flood);
static void test_cold(int flood, int out, const char *name);


int
main(void)
{
    int  flood, nothing[2];

    /* it is always readable */

    flood = open("/dev/zero", O_RDONLY);

    if (flood < 0 || pipe(nothing) != 0) {
        return 1;
    }

    alarm(10);

    test_worker(flood);
    test_cold(flood, nothing[0], "while it runs");
    test_cold(flood, -1, "once it has said all");

    return done();
}


static void
test_worker(int flood)
{
    int        rc, out[2];
    char      *line;
    size_t     len;
    int64_t    until;
    worker_t   worker;

    if (pipe(out) != 0) {
        exit(1);
    }

    memset(&worker, 0, sizeof(worker_t));

    worker.child.out = out[0];
    worker.child.err = flood;
    worker.line = malloc(YTDLP_LINE_MAX);

    until = clock_now() + 50;
    rc = worker_read(&worker, until, &line, &len);

    ok(rc == VOYO_ETIMEOUT && clock_now() < until + 1000,
       "a worker that only complains");

    ok(write(out[1], "one\n", 4) == 4
       && worker_read(&worker, clock_now() + 50, &line, &len) == VOYO_OK
       && strcmp(line, "one") == 0, "what it says besides is read");

    free(worker.line);
}


static void
test_cold(int flood, int out, const char *name)
{
    int            rc;
    int64_t        until;
    static cold_t  cold;

    memset(&cold, 0, sizeof(cold_t));

    cold.child.out = out;
    cold.child.err = flood;

    until = clock_now() + 50;
    rc = cold_wait(&cold, until);

    ok(rc == VOYO_ETIMEOUT && clock_now() < until + 1000
       && cold.nerrors <= COLD_ERRORS_MAX, "a cold one, %s", name);
}
