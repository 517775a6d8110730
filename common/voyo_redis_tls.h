
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _VOYO_REDIS_TLS_H_INCLUDED_
#define _VOYO_REDIS_TLS_H_INCLUDED_


#include "voyo_redis_url.h"

#include <openssl/ssl.h>


/*
 * TLS for rediss://, with OpenSSL's own objects: hiredis does not verify names
 * (docs/upstream.md, H10).  Not in a build with hiredis 0.14, which has no TLS.
 */


/*
 * A context for all connections to that Redis: TLS 1.2 or newer, with the
 * certificates of url->cacert, or those of the system.  It verifies the name or
 * address of url->host.  The only file is read here.  NULL: "*reason" is a
 * static string about that file, VOYO_REDIS_CACERT if url->cacert is empty.
 */
SSL_CTX *voyo_redis_tls_create(const voyo_redis_url_t *url,
    const char **reason);

#define VOYO_REDIS_CACERT  "/etc/ssl/certs/ca-certificates.crt"

/*
 * For one connection, with SNI unless the host is an address; the caller frees
 * it unless redisInitiateSSL() succeeds.  NULL: no memory.
 */
SSL *voyo_redis_tls_connection(SSL_CTX *ctx);

/*
 * Why TLS failed, a static string; NULL: it did not.  OpenSSL's queue of errors
 * is empty afterwards, as nginx expects it.
 */
const char *voyo_redis_tls_error(const SSL *ssl);


#endif /* _VOYO_REDIS_TLS_H_INCLUDED_ */
