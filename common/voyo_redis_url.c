
/*
 * Copyright (C) the VOYO authors
 */


#include "voyo_redis_url.h"
#include "voyo_errno.h"

#include <string.h>


static int voyo_redis_url_unix(voyo_redis_url_t *url, const char *p,
    const char *last, const char **reason);
static int voyo_redis_url_query(voyo_redis_url_t *url, const char *p,
    const char *last, const char **reason);
static int voyo_redis_url_user(voyo_redis_url_t *url, const char *p,
    const char *last, const char **reason);
static int voyo_redis_url_host(voyo_redis_url_t *url, const char *p,
    const char *last, const char **reason);
static int voyo_redis_url_number(unsigned *number, const char *p,
    const char *last, unsigned max);
static int voyo_redis_url_decode(char *out, size_t size, const char *p,
    const char *last);
static int voyo_redis_url_hex(char c);


int
voyo_redis_url_parse(voyo_redis_url_t *url, const char *text, size_t len,
    const char **reason)
{
    const char  *p, *last, *query, *slash, *at, *q;

    memset(url, 0, sizeof(voyo_redis_url_t));

    url->port = 6379;
    p = text;
    last = text + len;

    if (len > 5 && memcmp(p, "unix:", 5) == 0) {
        return voyo_redis_url_unix(url, p + 5, last, reason);
    }

    if (len > 9 && memcmp(p, "rediss://", 9) == 0) {
        url->tls = 1;
        p += 9;

    } else if (len > 8 && memcmp(p, "redis://", 8) == 0) {
        p += 8;

    } else {
        *reason = "it must begin with redis://, rediss:// or unix:";
        return VOYO_EINVAL;
    }

    /* a password may contain "@", "/" and "?" only percent-encoded */

    query = memchr(p, '?', (size_t) (last - p));

    if (query) {
        if (voyo_redis_url_query(url, query, last, reason) != VOYO_OK) {
            return VOYO_EINVAL;
        }

        last = query;
    }

    slash = memchr(p, '/', (size_t) (last - p));

    if (slash) {
        if (slash + 1 != last
            && voyo_redis_url_number(&url->db, slash + 1, last, 65535)
               != VOYO_OK)
        {
            *reason = "the database after the last slash must be a number";
            return VOYO_EINVAL;
        }

        last = slash;
    }

    at = NULL;

    for (q = p; q < last; q++) {
        if (*q == '@') {
            at = q;
        }
    }

    if (at) {
        if (voyo_redis_url_user(url, p, at, reason) != VOYO_OK) {
            return VOYO_EINVAL;
        }

        p = at + 1;
    }

    return voyo_redis_url_host(url, p, last, reason);
}


static int
voyo_redis_url_unix(voyo_redis_url_t *url, const char *p, const char *last,
    const char **reason)
{
    const char  *query;

    if (last - p > 2 && p[0] == '/' && p[1] == '/') {
        p += 2;
    }

    query = memchr(p, '?', (size_t) (last - p));

    if (query) {
        if (last - query < 5 || memcmp(query, "?db=", 4) != 0
            || voyo_redis_url_number(&url->db, query + 4, last, 65535)
               != VOYO_OK)
        {
            *reason = "the path may only be followed by ?db= and a number";
            return VOYO_EINVAL;
        }

        last = query;
    }

    if (p == last || *p != '/'
        || (size_t) (last - p) >= sizeof(url->path)
        || memchr(p, '\0', (size_t) (last - p)))
    {
        *reason = "the path of the socket must be absolute and shorter than "
                  "108 bytes";
        return VOYO_EINVAL;
    }

    memcpy(url->path, p, (size_t) (last - p));

    return VOYO_OK;
}


static int
voyo_redis_url_query(voyo_redis_url_t *url, const char *p, const char *last,
    const char **reason)
{
    if (!url->tls || last - p <= 8 || memcmp(p, "?cacert=", 8) != 0) {
        *reason = "only rediss:// may be followed by ?cacert= and a file";
        return VOYO_EINVAL;
    }

    if (voyo_redis_url_decode(url->cacert, sizeof(url->cacert), p + 8, last)
        != VOYO_OK
        || url->cacert[0] != '/')
    {
        *reason = "the path after ?cacert= must be absolute and shorter than "
                  "256 bytes";
        return VOYO_EINVAL;
    }

    return VOYO_OK;
}


static int
voyo_redis_url_user(voyo_redis_url_t *url, const char *p, const char *last,
    const char **reason)
{
    const char  *colon;

    colon = memchr(p, ':', (size_t) (last - p));

    if (colon == NULL
        || voyo_redis_url_decode(url->user, sizeof(url->user), p, colon)
           != VOYO_OK
        || voyo_redis_url_decode(url->password, sizeof(url->password),
                                 colon + 1, last)
           != VOYO_OK)
    {
        *reason = "the part before the @ must be user:password or "
                  ":password, percent-encoded";
        return VOYO_EINVAL;
    }

    return VOYO_OK;
}


static int
voyo_redis_url_host(voyo_redis_url_t *url, const char *p, const char *last,
    const char **reason)
{
    size_t       i, len;
    const char  *end, *port;

    if (p != last && *p == '[') {
        p++;
        end = memchr(p, ']', (size_t) (last - p));
        port = end ? end + 1 : NULL;

    } else {
        end = memchr(p, ':', (size_t) (last - p));
        end = end ? end : last;
        port = end;
    }

    if (end == NULL || end == p || (size_t) (end - p) >= sizeof(url->host)) {
        *reason = "there is no host, or it is too long";
        return VOYO_EINVAL;
    }

    len = (size_t) (end - p);

    for (i = 0; i < len; i++) {
        if ((unsigned char) p[i] <= ' ' || (unsigned char) p[i] >= 0x7f) {
            *reason = "the host contains an invalid character";
            return VOYO_EINVAL;
        }
    }

    memcpy(url->host, p, len);

    if (port != last
        && (*port != ':'
            || voyo_redis_url_number(&url->port, port + 1, last, 65535)
               != VOYO_OK
            || url->port == 0))
    {
        *reason = "the port must be a number from 1 to 65535";
        return VOYO_EINVAL;
    }

    return VOYO_OK;
}


static int
voyo_redis_url_number(unsigned *number, const char *p, const char *last,
    unsigned max)
{
    unsigned  n;

    if (p >= last) {
        return VOYO_EINVAL;
    }

    for (n = 0; p < last; p++) {

        if (*p < '0' || *p > '9') {
            return VOYO_EINVAL;
        }

        n = n * 10 + (unsigned) (*p - '0');

        if (n > max) {
            return VOYO_EINVAL;
        }
    }

    *number = n;

    return VOYO_OK;
}


static int
voyo_redis_url_decode(char *out, size_t size, const char *p, const char *last)
{
    int     high, low;
    size_t  n;

    for (n = 0; p < last; p++) {

        if (n + 1 >= size || *p == '\0') {
            return VOYO_EINVAL;
        }

        if (*p != '%') {
            out[n++] = *p;
            continue;
        }

        if (last - p < 3) {
            return VOYO_EINVAL;
        }

        high = voyo_redis_url_hex(p[1]);
        low = voyo_redis_url_hex(p[2]);

        if (high < 0 || low < 0 || high + low == 0) {
            return VOYO_EINVAL;
        }

        out[n++] = (char) (high << 4 | low);
        p += 2;
    }

    out[n] = '\0';

    return VOYO_OK;
}


static int
voyo_redis_url_hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }

    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}
