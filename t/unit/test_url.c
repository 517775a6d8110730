
/*
 * Copyright (C) the VOYO authors
 */


/* Valid URLs: no bytes that other programs may interpret differently. */

#include "tap.h"
#include "voyo_url.h"

#include <stdio.h>


int
main(void)
{
    int   c, wrong;
    char  host[32], path[32];

    ok(voyo_url_valid("https://h/p", 11) && voyo_url_valid("http://h", 99),
       "URLs to hand on");
    ok(!voyo_url_valid("https://h/p", 10) && !voyo_url_valid("", 99)
       && !voyo_url_valid("ftp://h", 99) && !voyo_url_valid("HTTPS:/h", 99),
       "URLs that are too long or of another scheme");

    wrong = 0;

    for (c = 1; c < 256; c++) {

        snprintf(host, sizeof(host), "https://a%cb.example/", c);
        snprintf(path, sizeof(path), "https://a.example/b%c", c);

        if (voyo_url_valid(host, 99) != (c > 0x20 && c < 0x7f)
            || voyo_url_valid(path, 99) != (c > 0x20 && c < 0x7f))
        {
            wrong++;
        }
    }

    ok(wrong == 0, "printable ASCII only");

    return done();
}
