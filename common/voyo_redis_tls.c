
/*
 * Copyright (C) the VOYO authors
 */


#include "voyo_redis_tls.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>


static const char *voyo_redis_tls_reason(unsigned long error);


SSL_CTX *
voyo_redis_tls_create(const voyo_redis_url_t *url, const char **reason)
{
    SSL_CTX            *ctx;
    const char         *cacert;
    X509_VERIFY_PARAM  *param;

    cacert = url->cacert[0] ? url->cacert : VOYO_REDIS_CACERT;

    ERR_clear_error();

    ctx = SSL_CTX_new(TLS_client_method());

    if (ctx == NULL
        || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1
        || SSL_CTX_load_verify_locations(ctx, cacert, NULL) != 1)
    {
        goto failed;
    }

    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);

    param = SSL_CTX_get0_param(ctx);

    X509_VERIFY_PARAM_set_hostflags(param,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);

    /* a host that is no address is a name */

    if (X509_VERIFY_PARAM_set1_ip_asc(param, url->host) != 1
        && X509_VERIFY_PARAM_set1_host(param, url->host, strlen(url->host))
           != 1)
    {
        goto failed;
    }

    ERR_clear_error();

    return ctx;

failed:

    /* the first error is the cause of the others */

    *reason = voyo_redis_tls_reason(ERR_peek_error());

    if (*reason == NULL) {
        *reason = "out of memory";
    }

    ERR_clear_error();
    SSL_CTX_free(ctx);

    return NULL;
}


SSL *
voyo_redis_tls_connection(SSL_CTX *ctx)
{
    SSL         *ssl;
    const char  *name;

    ssl = SSL_new(ctx);

    if (ssl == NULL) {
        return NULL;
    }

    name = X509_VERIFY_PARAM_get0_host(SSL_get0_param(ssl), 0);

    if (name && SSL_set_tlsext_host_name(ssl, name) != 1) {
        SSL_free(ssl);
        return NULL;
    }

    return ssl;
}


const char *
voyo_redis_tls_error(const SSL *ssl)
{
    long           verified;
    unsigned long  error;

    error = ERR_peek_error();
    verified = SSL_get_verify_result(ssl);

    ERR_clear_error();

    if (verified != X509_V_OK) {
        return X509_verify_cert_error_string(verified);
    }

    /* after the handshake a lost connection is no failure of TLS */

    if (SSL_is_init_finished(ssl)
        && (ERR_SYSTEM_ERROR(error)
            || ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING))
    {
        return NULL;
    }

    return voyo_redis_tls_reason(error);
}


static const char *
voyo_redis_tls_reason(unsigned long error)
{
    if (error == 0) {
        return NULL;
    }

    return ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error))
                                   : ERR_reason_error_string(error);
}
