
/*
 * Copyright (C) the VOYO authors
 */


/* Both sides must name the same key, in one slot of a cluster. */

#include "tap.h"
#include "voyo_errno.h"
#include "voyo_key.h"

#include <string.h>


int
main(void)
{
    int   len;
    char  key[VOYO_KEY_MAX], suffix[VOYO_KEY_MAX + 1];

    len = voyo_key(key, "default", "track:", "dQw4w9WgXcQ");
    ok(strcmp(key, "voyo:{default}:track:dQw4w9WgXcQ") == 0
       && len == (int) strlen(key), "with a suffix");

    len = voyo_key(key, "default", "jobs:play", NULL);
    ok(strcmp(key, "voyo:{default}:jobs:play") == 0
       && len == (int) strlen(key), "without one");

    memset(suffix, 'x', sizeof(suffix) - 1);
    suffix[sizeof(suffix) - 1] = '\0';
    ok(voyo_key(key, "default", "track:", suffix) == VOYO_ETOOBIG,
       "too long");

    ok(voyo_egress_valid("default", 7) && voyo_egress_valid("a", 1)
       && voyo_egress_valid("192.0.2.1", 9)
       && voyo_egress_valid("abcdefghijklmnopqrstuvwxyz_-.012", 32),
       "names of an egress");

    ok(!voyo_egress_valid("", 0) && !voyo_egress_valid("a b", 3)
       && !voyo_egress_valid("a}b", 3) && !voyo_egress_valid("a:b", 3)
       && !voyo_egress_valid("a\n", 2)
       && !voyo_egress_valid("abcdefghijklmnopqrstuvwxyz_-.0123", 33),
       "no names of an egress");

    return done();
}
