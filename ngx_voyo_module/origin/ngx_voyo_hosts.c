
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_hosts.h"


/* RFC 6890: not globally reachable; multicast and reserved at the end. */

static ngx_str_t  ngx_voyo_hosts_nets[] = {
    ngx_string("0.0.0.0/8"),
    ngx_string("10.0.0.0/8"),
    ngx_string("100.64.0.0/10"),
    ngx_string("127.0.0.0/8"),
    ngx_string("169.254.0.0/16"),
    ngx_string("172.16.0.0/12"),
    ngx_string("192.0.0.0/24"),
    ngx_string("192.168.0.0/16"),
    ngx_string("198.18.0.0/15"),
    ngx_string("224.0.0.0/3"),
#if (NGX_HAVE_INET6)

    /*
     * only global unicast, 2000::/3 (RFC 4291, section 2.4), except 6to4 and
     * Teredo, which contain an IPv4 address that may be private
     */

    ngx_string("::/3"),
    ngx_string("4000::/2"),
    ngx_string("8000::/1"),
    ngx_string("2002::/16"),
    ngx_string("2001::/32")
#endif
};


ngx_voyo_host_t *
ngx_voyo_hosts_find(ngx_array_t *hosts, ngx_voyo_media_url_t *url)
{
    u_char           *tail;
    ngx_uint_t        i;
    ngx_voyo_host_t  *host;

    host = hosts->elts;

    for (i = 0; i < hosts->nelts; i++) {

        if (host[i].scheme.len) {

            if (host[i].port == url->port
                && host[i].scheme.len == url->scheme.len
                && host[i].name.len == url->name.len
                && ngx_strncasecmp(host[i].name.data, url->name.data,
                                   url->name.len) == 0)
            {
                return &host[i];
            }

            continue;
        }

        if (url->scheme.len != 5 || url->port != 443
            || url->name.len < host[i].name.len)
        {
            continue;
        }

        tail = url->name.data + url->name.len - host[i].name.len;

        if (ngx_strncasecmp(tail, host[i].name.data, host[i].name.len) != 0) {
            continue;
        }

        /* ".example.com" is a suffix, "example.com" a whole name */

        if ((host[i].name.data[0] == '.') == (tail != url->name.data)) {
            return &host[i];
        }
    }

    return NULL;
}


ngx_uint_t
ngx_voyo_hosts_address(ngx_voyo_host_t *host, ngx_array_t *private,
    struct sockaddr *sockaddr)
{
    return host->scheme.len || ngx_cidr_match(sockaddr, private) != NGX_OK;
}


ngx_array_t *
ngx_voyo_hosts_private(ngx_conf_t *cf)
{
    ngx_uint_t    i, n;
    ngx_cidr_t   *cidr;
    ngx_array_t  *private;

    n = sizeof(ngx_voyo_hosts_nets) / sizeof(ngx_str_t);

    private = ngx_array_create(cf->pool, n, sizeof(ngx_cidr_t));
    if (private == NULL) {
        return NULL;
    }

    cidr = ngx_array_push_n(private, n);

    for (i = 0; i < n; i++) {
        if (ngx_ptocidr(&ngx_voyo_hosts_nets[i], &cidr[i]) != NGX_OK) {
            return NULL;
        }
    }

    return private;
}


ngx_int_t
ngx_voyo_hosts_add(ngx_conf_t *cf, ngx_array_t *hosts, ngx_str_t *value)
{
    ngx_str_t              text;
    ngx_voyo_host_t       *host;
    ngx_voyo_media_url_t   url;

    host = ngx_array_push(hosts);
    if (host == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(host, sizeof(ngx_voyo_host_t));

    if (ngx_strstr(value->data, "://") == NULL) {

        if (strpbrk((char *) value->data, "/:@?#") || value->len < 2) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid host \"%V\", it must be a name, "
                               "a suffix with a leading dot, or an origin "
                               "like \"https://example.com:8443\"", value);
            return NGX_ERROR;
        }

        host->name = *value;

        return NGX_OK;
    }

    text.len = value->len + 1;
    text.data = ngx_pnalloc(cf->pool, text.len);
    if (text.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(text.data, value->data, value->len);
    text.data[value->len] = '/';

    if (ngx_voyo_media_url_parse(&url, &text) != NGX_OK
        || url.uri.len != 1)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid origin \"%V\", it must be a scheme, a "
                           "host and a port, like \"http://127.0.0.1:80\"",
                           value);
        return NGX_ERROR;
    }

    host->scheme = url.scheme;
    host->name = url.name;
    host->port = url.port;

    return NGX_OK;
}
