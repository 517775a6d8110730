
/*
 * Copyright (C) the VOYO authors
 */


#include "hosts.h"

#include <string.h>
#include <strings.h>


static int hosts_entry(const char *entry, size_t len, const char *url);


int
hosts_allow(const char *allowed, const char *url)
{
    size_t       len;
    const char  *entry;

    for (entry = allowed; *entry; entry += len) {

        entry += strspn(entry, " ");
        len = strcspn(entry, " ");

        if (len && hosts_entry(entry, len, url)) {
            return 1;
        }
    }

    return 0;
}


static int
hosts_entry(const char *entry, size_t len, const char *url)
{
    size_t       n;
    const char  *host;

    if (memmem(entry, len, "://", 3)) {
        return strncasecmp(url, entry, len) == 0
               && (url[len] == '/' || url[len] == '?');
    }

    if (strncasecmp(url, "https://", 8) != 0) {
        return 0;
    }

    /* a user's name or another port ends what can match */

    host = url + 8;
    n = strcspn(host, "/?#:@\\");

    if (host[n] == ':' && strncmp(host + n, ":443/", 5) != 0) {
        return 0;
    }

    if (host[n] == '@' || host[n] == '\\') {
        return 0;
    }

    if (entry[0] == '.') {
        return n > len && strncasecmp(host + n - len, entry, len) == 0;
    }

    return n == len && strncasecmp(host, entry, len) == 0;
}
