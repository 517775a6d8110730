
/*
 * Copyright (C) the VOYO authors
 */


/* How long the next worker is waited for, after many have ended. */

#include "clock.h"
#include "keeper.h"
#include "tap.h"


int
main(void)
{
    int                         i, most;
    int64_t                     pause;
    static config_t             config;
    static keeper_t             keeper;
    static heartbeat_worker_t   shown;

    config.ytdlp_path = "";
    keeper.config = &config;
    keeper.shown = &shown;

    for (i = 0; i < 90; i++) {
        keeper_lost(&keeper, "in a test");

        pause = keeper.pause - clock_now();

        most = i * 25 < 2000 ? i * 25 : 2000;

        ok(pause <= most, "pause %d is %d ms at most", i, most);
        ok(keeper.state == HEARTBEAT_DOWN, "no worker %d", i);
    }

    ok(keeper.pause > clock_now(), "there is a pause");

    keeper_answered(&keeper);
    keeper_lost(&keeper, "in a test");

    ok(keeper.pause <= clock_now(), "no pause after an answer");

    keeper_freeze(&keeper, "");

    ok(keeper.hold - clock_now() <= 2000, "a warm one is tried in 2 s");

    return done();
}
