
/*
 * Copyright (C) the VOYO authors
 */


#include "voyo_url.h"

#include <string.h>


int
voyo_url_valid(const char *url, size_t max)
{
    size_t  n;

    if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0) {
        return 0;
    }

    for (n = 0; url[n]; n++) {
        if (n == max || (unsigned char) url[n] <= ' '
            || (unsigned char) url[n] >= 0x7f)
        {
            return 0;
        }
    }

    return 1;
}
