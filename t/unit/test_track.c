
/*
 * Copyright (C) the VOYO authors
 */


/* Both forms of an id are one track; others must not reach a key or a URL. */

#include "tap.h"
#include "voyo_errno.h"
#include "voyo_track.h"

#include <string.h>


static void test_good(const char *text, const char *expected);
static void test_bad(const char *text, size_t len, const char *why);


int
main(void)
{
    test_good("dQw4w9WgXcQ", "dQw4w9WgXcQ");
    test_good("-_-_-_-_-_-", "-_-_-_-_-_-");
    test_good("vyo_ZFF3NHc5V2dYY1E", "dQw4w9WgXcQ");
    test_good("vyo_LV8tXy1fLV8tXy0", "-_-_-_-_-_-");

    /* eleven characters that begin with "vyo_" are an id */

    test_good("vyo_1234567", "vyo_1234567");

    test_bad("", 0, "nothing");
    test_bad("dQw4w9WgXc", 10, "a character too few");
    test_bad("dQw4w9WgXcQQ", 12, "a character too many");
    test_bad("dQw4w9WgXcQ\n", 12, "a line feed at the end");
    test_bad("dQw4w9WgXc\n", 11, "a line feed in it");
    test_bad("dQw4w9WgXc\0", 11, "a zero in it");
    test_bad("dQw4w9Wg/cQ", 11, "a slash");
    test_bad("dQw4w9Wg.cQ", 11, "a dot");
    test_bad("dQw4w9WgXc\xc3", 11, "a byte above 127");
    test_bad("vyo_ZFF3NHc5V2dYY1F", 19, "an alias that isn't canonical");
    test_bad("vyo_ZFF3NHc5V2dYY1=", 19, "an alias with padding");
    test_bad("vyo_ZFF3NHc5V2dYY1+", 19, "an alias of another alphabet");
    test_bad("VYO_ZFF3NHc5V2dYY1E", 19, "an alias in capitals");
    test_bad("vyo_Ly8vLy8vLy8vLy8", 19, "an alias of eleven slashes");

    return done();
}


static void
test_good(const char *text, const char *expected)
{
    char  id[VOYO_TRACK_LEN + 1];

    ok(voyo_track_parse(id, text, strlen(text)) == VOYO_OK
       && strcmp(id, expected) == 0,
       "\"%s\" is %s", text, expected);
}


static void
test_bad(const char *text, size_t len, const char *why)
{
    char  id[VOYO_TRACK_LEN + 1] = "unchanged";

    ok(voyo_track_parse(id, text, len) == VOYO_EINVAL
       && strcmp(id, "unchanged") == 0,
       "%s is refused", why);
}
