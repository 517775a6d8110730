
/*
 * Copyright (C) the VOYO authors
 */


/* Latencies and unknown texts in the heartbeat. */

#include "quantile.h"
#include "tap.h"
#include "unknown.h"

#include <string.h>


static int within(double value, double least, double most);
static int text(unknown_t *unknown, const char *text, const char *id,
    int64_t now);


int
main(void)
{
    int                i, told;
    char               line[32];
    static quantile_t  quantile;
    static unknown_t   unknown;

    ok(quantile_get(&quantile, 0.5) < 0.001, "nothing was added");

    for (i = 1; i <= 1000; i++) {
        quantile_add(&quantile, i * 1000);
    }

    ok(within(quantile_get(&quantile, 0.5), 500, 550)
       && within(quantile_get(&quantile, 0.95), 950, 1040)
       && within(quantile_get(&quantile, 0.99), 990, 1090)
       && within(quantile_get(&quantile, 0), 0, 1.1), "1 to 1000 ms");

    quantile_fade(&quantile);

    for (i = 1; i <= 2000; i++) {
        quantile_add(&quantile, 20);
    }

    ok(within(quantile_get(&quantile, 0.5), 0, 0.03), "what is new counts");

    quantile_add(&quantile, 0);
    quantile_add(&quantile, -5);
    quantile_add(&quantile, 1000000000000);

    ok(within(quantile_get(&quantile, 1), 1e5, 1e7), "beyond all bounds");

    ok(text(&unknown, "[youtube] dQw4w9WgXcQ: odd", "dQw4w9WgXcQ", 1000) == 1
       && text(&unknown, "[youtube] aaaaaaaaaaa: odd", "aaaaaaaaaaa", 1001)
          == 0
       && text(&unknown, "[youtube] aaaaaaaaaaa: odder", "aaaaaaaaaaa", 1001)
          == 1,
       "a text is told once, whatever the track");

    ok(text(&unknown, "[youtube] x: odd", "x", 4599) == 0
       && text(&unknown, "[youtube] x: odd", "x", 4600) == 1
       && text(&unknown, "[youtube] x: odd", "x", 4601) == 0,
       "and again after an hour");

    for (i = told = 0; i < 200; i++) {
        snprintf(line, sizeof(line), "text %d", i);
        told += text(&unknown, line, "", 9000 + i);
    }

    ok(told == 200 && text(&unknown, line, "", 9200) == 0
       && atomic_load(&unknown.seen) == 207, "more texts than are remembered");

    return done();
}


static int
within(double value, double least, double most)
{
    return value >= least && value <= most;
}


static int
text(unknown_t *unknown, const char *line, const char *id, int64_t now)
{
    return unknown_text(unknown, line, strlen(line), id, now);
}
