
/*
 * Copyright (C) the VOYO authors
 */


/* A Redis that has become a replica must not look like a faulty script. */

#include "tap.h"
#include "voyo_script.h"


int
main(void)
{
    ok(voyo_script_failed("ERR Error running script (call to f_1): "
                          "@user_script:9: user_script:9: attempt to index a "
                          "nil value")
       && voyo_script_failed("ERR user_script:9: attempt to compare nil with "
                             "number script: 1, on @user_script:9.")
       && voyo_script_failed("WRONGTYPE Operation against a key holding the "
                             "wrong kind of value script: 1")
       && voyo_script_failed("ERR Error running script (call to f_1): "
                             "@user_script:9: @user_script: 9: -WRONGTYPE "
                             "Operation against a key"),
       "a script's own failure");

    ok(!voyo_script_failed("READONLY You can't write against a read only "
                           "replica. script: 1, on @user_script:9.")
       && !voyo_script_failed("LOADING Redis is loading the dataset in memory")
       && !voyo_script_failed("NOAUTH Authentication required.")
       && !voyo_script_failed("MASTERDOWN Link with MASTER is down")
       && !voyo_script_failed("MISCONF Redis is configured to save"),
       "a Redis that is of no use");

    ok(!voyo_script_failed("ERR Error running script (call to f_1): "
                           "@user_script:9: @user_script: 9: -OOM command not "
                           "allowed when used memory > 'maxmemory'."),
       "the same in the words of Redis 6");

    return done();
}
