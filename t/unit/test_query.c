
/*
 * Copyright (C) the VOYO authors
 */


/* Bytes are identified by parameters in the query of their URL. */

#include "query.h"
#include "tap.h"

#include <string.h>


static void test_get(const char *url, const char *name, int len,
    const char *expected);


int
main(void)
{
    test_get("https://h/p?itag=140&lmt=17", "itag", 3, "140");
    test_get("https://h/p?itag=140&lmt=17", "lmt", 2, "17");
    test_get("https://h/p?itag=140&itag=251", "itag", 3, "140");
    test_get("https://h/p?xitag=1&itag=140", "itag", 3, "140");
    test_get("https://h/p?itagx=1&itag=140", "itag", 3, "140");
    test_get("https://h/p?a=1#itag=140", "itag", 0, "");
    test_get("https://h/p?itag=140#x", "itag", 3, "140");
    test_get("https://h/itag=140", "itag", 0, "");
    test_get("https://h/p?itag=", "itag", 0, "");
    test_get("https://h/p?itag", "itag", 0, "");
    test_get("https://h/p?", "itag", 0, "");
    test_get("https://h/p?a=x%3Dy%3az", "a", 5, "x=y:z");
    test_get("https://h/p?a=x%3", "a", -1, NULL);
    test_get("https://h/p?a=x%zz", "a", -1, NULL);
    test_get("https://h/p?a=x%00y", "a", -1, NULL);
    test_get("https://h/p?a=1234567", "a", 7, "1234567");
    test_get("https://h/p?a=12345678", "a", -1, NULL);

    return done();
}


static void
test_get(const char *url, const char *name, int len, const char *expected)
{
    char  value[8];

    ok(query_get(url, name, value, sizeof(value)) == len
       && (expected == NULL || strcmp(value, expected) == 0),
       "%s of %s", name, url);
}
