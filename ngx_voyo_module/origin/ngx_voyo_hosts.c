
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_hosts.h"


static ngx_uint_t ngx_voyo_hosts_private(in_addr_t addr);
#if (NGX_HAVE_INET6)
static ngx_uint_t ngx_voyo_hosts_private6(struct in6_addr *addr);
#endif


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
ngx_voyo_hosts_address(ngx_voyo_host_t *host, struct sockaddr *sockaddr)
{
    struct sockaddr_in  *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    if (host->scheme.len) {
        return 1;
    }

    switch (sockaddr->sa_family) {

    case AF_INET:
        sin = (struct sockaddr_in *) sockaddr;
        return !ngx_voyo_hosts_private(ntohl(sin->sin_addr.s_addr));

#if (NGX_HAVE_INET6)
    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) sockaddr;
        return !ngx_voyo_hosts_private6(&sin6->sin6_addr);
#endif

    default:
        return 0;
    }
}


static ngx_uint_t
ngx_voyo_hosts_private(in_addr_t addr)
{
    ngx_uint_t  i;

    /* RFC 6890: not globally reachable; multicast and reserved at the end */

    static const struct {
        in_addr_t  net;
        in_addr_t  mask;
    } nets[] = {
        { 0x00000000, 0xff000000 },    /* 0.0.0.0/8 */
        { 0x0a000000, 0xff000000 },    /* 10.0.0.0/8 */
        { 0x64400000, 0xffc00000 },    /* 100.64.0.0/10 */
        { 0x7f000000, 0xff000000 },    /* 127.0.0.0/8 */
        { 0xa9fe0000, 0xffff0000 },    /* 169.254.0.0/16 */
        { 0xac100000, 0xfff00000 },    /* 172.16.0.0/12 */
        { 0xc0000000, 0xffffff00 },    /* 192.0.0.0/24 */
        { 0xc0a80000, 0xffff0000 },    /* 192.168.0.0/16 */
        { 0xc6120000, 0xfffe0000 },    /* 198.18.0.0/15 */
        { 0xe0000000, 0xe0000000 }     /* 224.0.0.0/3 */
    };

    for (i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
        if ((addr & nets[i].mask) == nets[i].net) {
            return 1;
        }
    }

    return 0;
}


#if (NGX_HAVE_INET6)

static ngx_uint_t
ngx_voyo_hosts_private6(struct in6_addr *addr)
{
    u_char  *p;

    p = addr->s6_addr;

    if (IN6_IS_ADDR_V4MAPPED(addr)) {
        return ngx_voyo_hosts_private(((in_addr_t) p[12] << 24)
                                      + (p[13] << 16) + (p[14] << 8)
                                      + p[15]);
    }

    /*
     * only global unicast, 2000::/3 (RFC 4291, section 2.4), except 6to4 and
     * Teredo, which contain an IPv4 address that may be private
     */

    return (p[0] & 0xe0) != 0x20
           || (p[0] == 0x20 && p[1] == 0x02)
           || (p[0] == 0x20 && p[1] == 0x01 && p[2] == 0 && p[3] == 0);
}

#endif


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
