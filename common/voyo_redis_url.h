
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _VOYO_REDIS_URL_H_INCLUDED_
#define _VOYO_REDIS_URL_H_INCLUDED_


#include <stddef.h>


/*
 * The address of a Redis or Valkey, as module and resolver accept it:
 *
 *   redis://[[user]:password@]host[:port][/db]
 *   rediss://…[?cacert=FILE]              TLS
 *   unix:/path/to/socket[?db=N]
 *
 * host is a name, an IPv4 address, or an IPv6 address in brackets; user,
 * password and FILE are percent-decoded (RFC 3986, section 2.1).  The default
 * port is 6379, the default db 0.
 */
typedef struct {
    char      host[256];              /* empty: a unix socket */
    char      path[108];              /* empty: a host */
    char      user[128];
    char      password[512];
    char      cacert[256];            /* empty: the system's certificates */
    unsigned  port;
    unsigned  db;
    unsigned  tls:1;
} voyo_redis_url_t;


/*
 * Returns VOYO_OK; or VOYO_EINVAL, and sets "*reason" to a static string that
 * says what is wrong, without any part of the URL, which may contain a
 * password.
 */
int voyo_redis_url_parse(voyo_redis_url_t *url, const char *text, size_t len,
    const char **reason);


#endif /* _VOYO_REDIS_URL_H_INCLUDED_ */
