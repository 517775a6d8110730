
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_redis_address.h"

#include "voyo_errno.h"

#include <hiredis/hiredis.h>


#define NGX_VOYO_REDIS_LOOKUP  1000    /* ms */


static void ngx_voyo_redis_address_found(ngx_resolver_ctx_t *ctx);
static void ngx_voyo_redis_address_next(ngx_voyo_redis_address_t *address,
    ngx_resolver_addr_t *addrs, ngx_uint_t n);
static char *ngx_voyo_redis_conf_tls(ngx_conf_t *cf,
    ngx_voyo_redis_conf_t *conf);


void
ngx_voyo_redis_address_find(ngx_voyo_redis_address_t *address)
{
    ngx_resolver_ctx_t     *ctx;
    ngx_voyo_redis_conf_t  *conf;

    conf = address->conf;

    if (address->resolving) {
        return;
    }

    if (conf->resolver && (address->text[0] || conf->naddrs == 0)) {

        ctx = ngx_resolve_start(conf->resolver, NULL);

        if (ctx && ctx != NGX_NO_RESOLVER) {
            ctx->name.data = (u_char *) conf->url.host;
            ctx->name.len = ngx_strlen(conf->url.host);
            ctx->handler = ngx_voyo_redis_address_found;
            ctx->data = address;
            ctx->timeout = NGX_VOYO_REDIS_LOOKUP;
            ctx->cancelable = 1;

            address->resolving = ctx;

            if (ngx_resolve_name(ctx) == NGX_OK) {
                return;
            }

            address->resolving = NULL;
        }
    }

    ngx_voyo_redis_address_next(address, conf->addrs, conf->naddrs);
    address->handler(address->data);
}


static void
ngx_voyo_redis_address_found(ngx_resolver_ctx_t *ctx)
{
    ngx_voyo_redis_address_t  *address;

    address = ctx->data;
    address->resolving = NULL;

    if (ctx->state == NGX_OK) {
        ngx_voyo_redis_address_next(address, ctx->addrs, ctx->naddrs);

    } else {

        /* nginx's resolver does not read /etc/hosts (docs/upstream.md, N28) */

        ngx_voyo_redis_address_next(address, address->conf->addrs,
                                    address->conf->naddrs);
    }

    ngx_resolve_name_done(ctx);

    address->handler(address->data);
}


/* nginx shuffles resolved addresses, so the next one is by order of texts. */

static void
ngx_voyo_redis_address_next(ngx_voyo_redis_address_t *address,
    ngx_resolver_addr_t *addrs, ngx_uint_t n)
{
    char        text[NGX_SOCKADDR_STRLEN], first[NGX_SOCKADDR_STRLEN];
    char        next[NGX_SOCKADDR_STRLEN];
    size_t      len;
    ngx_uint_t  i;

    first[0] = '\0';
    next[0] = '\0';

    for (i = 0; i < n; i++) {

        len = ngx_sock_ntop(addrs[i].sockaddr, addrs[i].socklen,
                            (u_char *) text, NGX_SOCKADDR_STRLEN - 1, 0);
        text[len] = '\0';

        if (first[0] == '\0' || ngx_strcmp(text, first) < 0) {
            ngx_memcpy(first, text, len + 1);
        }

        if (ngx_strcmp(text, address->text) > 0
            && (next[0] == '\0' || ngx_strcmp(text, next) < 0))
        {
            ngx_memcpy(next, text, len + 1);
        }
    }

    if (n) {
        ngx_memcpy(address->text, next[0] ? next : first,
                   NGX_SOCKADDR_STRLEN);
    }
}


void
ngx_voyo_redis_address_stop(ngx_voyo_redis_address_t *address)
{
    if (address->resolving) {
        ngx_resolve_name_done(address->resolving);
        address->resolving = NULL;
    }
}


char *
ngx_voyo_redis_conf(ngx_conf_t *cf, ngx_str_t *text,
    ngx_voyo_redis_conf_t *conf)
{
    ngx_url_t    u;
    ngx_addr_t   addr;
    ngx_uint_t   i;
    const char  *reason;

    if (voyo_redis_url_parse(&conf->url, (char *) text->data, text->len,
                             &reason)
        != VOYO_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid address in \"voyo_redis\": %s", reason);
        return NGX_CONF_ERROR;
    }

    if (conf->url.tls && ngx_voyo_redis_conf_tls(cf, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (conf->url.path[0]) {
        return NGX_CONF_OK;
    }

    /* hiredis would block in getaddrinfo() (docs/upstream.md, H4) */

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url.data = (u_char *) conf->url.host;
    u.url.len = ngx_strlen(conf->url.host);
    u.default_port = (in_port_t) conf->url.port;

    if (ngx_parse_addr(cf->pool, &addr, u.url.data, u.url.len) == NGX_OK) {
        u.addrs = &addr;
        u.naddrs = 1;

    } else if (ngx_parse_url(cf->pool, &u) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "%s in \"voyo_redis\", host \"%s\"",
                           u.err ? u.err : "no address", conf->url.host);
        return NGX_CONF_OK;
    }

    conf->addrs = ngx_pcalloc(cf->pool,
                              u.naddrs * sizeof(ngx_resolver_addr_t));
    if (conf->addrs == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < u.naddrs; i++) {
        conf->addrs[i].sockaddr = u.addrs[i].sockaddr;
        conf->addrs[i].socklen = u.addrs[i].socklen;
    }

    conf->naddrs = u.naddrs;
    conf->literal = (u.addrs == &addr);

    return NGX_CONF_OK;
}


#if (VOYO_REDIS_TLS)

static char *
ngx_voyo_redis_conf_tls(ngx_conf_t *cf, ngx_voyo_redis_conf_t *conf)
{
    const char          *reason;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    conf->tls = voyo_redis_tls_create(&conf->url, &reason);

    if (conf->tls == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"voyo_redis\" cannot use the certificates of "
                           "\"%s\": %s", conf->url.cacert[0]
                                         ? conf->url.cacert
                                         : VOYO_REDIS_CACERT, reason);
        return NGX_CONF_ERROR;
    }

    cln->handler = (ngx_pool_cleanup_pt) SSL_CTX_free;
    cln->data = conf->tls;

    return NGX_CONF_OK;
}

#else

static char *
ngx_voyo_redis_conf_tls(ngx_conf_t *cf, ngx_voyo_redis_conf_t *conf)
{
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"voyo_redis\" cannot use \"rediss://\": hiredis "
                       "%d.%d has no TLS, it needs 1.0 or newer (Debian 13) "
                       "or VOYO's image", HIREDIS_MAJOR, HIREDIS_MINOR);
    return NGX_CONF_ERROR;
}

#endif


char *
ngx_voyo_redis_conf_init(ngx_conf_t *cf, ngx_voyo_redis_conf_t *conf,
    ngx_resolver_t *resolver)
{
    if (conf->url.path[0] || conf->literal) {
        return NGX_CONF_OK;
    }

    if (conf->naddrs == 0 && resolver == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "no address of host \"%s\" in \"voyo_redis\", and "
                           "no \"resolver\" in \"http\" to find it later",
                           conf->url.host);
        return NGX_CONF_ERROR;
    }

    conf->resolver = resolver;

    return NGX_CONF_OK;
}
