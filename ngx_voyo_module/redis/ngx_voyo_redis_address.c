
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_redis_connection.h"

#include "voyo_errno.h"


char *
ngx_voyo_redis_conf(ngx_conf_t *cf, ngx_str_t *text,
    ngx_voyo_redis_conf_t *conf)
{
    size_t       len;
    u_char      *p;
    ngx_url_t    u;
    const char  *reason;

    if (voyo_redis_url_parse(&conf->url, (char *) text->data, text->len,
                             &reason)
        != VOYO_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid address in \"voyo_redis\": %s", reason);
        return NGX_CONF_ERROR;
    }


    if (conf->url.tls) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"voyo_redis\" does not support TLS, "
                           "use \"redis://\" or \"unix:\", or a TLS tunnel");
        return NGX_CONF_ERROR;
    }

    if (conf->url.path[0]) {
        return NGX_CONF_OK;
    }

    /* hiredis would block in getaddrinfo() (docs/upstream.md, H4) */

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url.data = (u_char *) conf->url.host;
    u.url.len = ngx_strlen(conf->url.host);

    if (ngx_strchr(conf->url.host, ':')) {
        u.url.data = ngx_pnalloc(cf->pool, u.url.len + 2);
        if (u.url.data == NULL) {
            return NGX_CONF_ERROR;
        }

        u.url.len = ngx_sprintf(u.url.data, "[%s]", conf->url.host)
                    - u.url.data;
    }

    u.default_port = (in_port_t) conf->url.port;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK || u.naddrs == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "%s in \"voyo_redis\", host \"%s\"",
                           u.err ? u.err : "no address", conf->url.host);
        return NGX_CONF_ERROR;
    }

    len = ngx_sock_ntop(u.addrs[0].sockaddr, u.addrs[0].socklen,
                        (u_char *) conf->numeric, NGX_SOCKADDR_STRLEN - 1, 0);

    conf->numeric[len] = '\0';

    if (conf->numeric[0] == '[') {

        /* nginx formats IPv6 with brackets, hiredis expects none */

        ngx_memmove(conf->numeric, conf->numeric + 1, len);
        p = (u_char *) ngx_strchr(conf->numeric, ']');

        if (p) {
            *p = '\0';
        }
    }

    return NGX_CONF_OK;
}
