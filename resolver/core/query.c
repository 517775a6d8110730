
/*
 * Copyright (C) the VOYO authors
 */


#include "query.h"

#include <string.h>


static int query_hex(char c);


int
query_get(const char *url, const char *name, char *value, size_t size)
{
    int          high, low;
    char         c;
    size_t       len, n;
    const char  *p;

    value[0] = '\0';
    len = strlen(name);
    p = strchr(url, '?');

    while (p && (strncmp(p + 1, name, len) != 0 || p[len + 1] != '=')) {
        p = strchr(p + 1, '&');
    }

    if (p == NULL) {
        return 0;
    }

    p += len + 2;

    for (n = 0; *p && *p != '&' && *p != '#'; p++) {

        c = *p;

        if (c == '%') {
            high = query_hex(p[1]);
            low = high < 0 ? -1 : query_hex(p[2]);

            if (low < 0 || high + low == 0) {
                return -1;
            }

            c = (char) (high << 4 | low);
            p += 2;
        }

        if (n + 1 >= size) {
            return -1;
        }

        value[n++] = c;
    }

    value[n] = '\0';

    return (int) n;
}


static int
query_hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }

    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}
