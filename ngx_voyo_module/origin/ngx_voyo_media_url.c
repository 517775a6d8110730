
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_media_url.h"


static ngx_int_t ngx_voyo_media_url_authority(ngx_voyo_media_url_t *url,
    u_char *p, u_char *last);
static ngx_int_t ngx_voyo_media_url_nodes(ngx_str_t *uri, ngx_str_t name[2]);
static ngx_int_t ngx_voyo_media_url_param(ngx_str_t *uri, const char *name,
    size_t len, ngx_str_t *value);
static ngx_uint_t ngx_voyo_media_url_private(in_addr_t addr);
#if (NGX_HAVE_INET6)
static ngx_uint_t ngx_voyo_media_url_private6(struct in6_addr *addr);
#endif


ngx_int_t
ngx_voyo_media_url_parse(ngx_voyo_media_url_t *url, ngx_str_t *text)
{
    u_char  *p, *slash, *last;

    ngx_memzero(url, sizeof(ngx_voyo_media_url_t));

    p = text->data;
    last = text->data + text->len;

    if (text->len > 8 && ngx_strncasecmp(p, (u_char *) "https://", 8) == 0) {
        ngx_str_set(&url->scheme, "https");
        url->port = 443;
        p += 8;

    } else if (text->len > 7
               && ngx_strncasecmp(p, (u_char *) "http://", 7) == 0)
    {
        ngx_str_set(&url->scheme, "http");
        url->port = 80;
        p += 7;

    } else {
        return NGX_DECLINED;
    }

    slash = ngx_strlchr(p, last, '/');

    if (slash == NULL) {
        return NGX_DECLINED;
    }

    url->uri.data = slash;
    url->uri.len = last - slash;

    for (last = slash; slash < url->uri.data + url->uri.len; slash++) {
        if (*slash <= ' ' || *slash >= 0x7f || *slash == '#') {
            return NGX_DECLINED;
        }
    }

    return ngx_voyo_media_url_authority(url, p, last);
}


static ngx_int_t
ngx_voyo_media_url_authority(ngx_voyo_media_url_t *url, u_char *p,
    u_char *last)
{
    u_char     *colon, *q;
    ngx_int_t   port;

    url->host.data = p;
    url->host.len = last - p;
    url->name = url->host;

    if (p < last && *p == '[') {
        q = ngx_strlchr(p, last, ']');

        if (q == NULL) {
            return NGX_DECLINED;
        }

        url->name.data = p + 1;
        url->name.len = q - p - 1;
        colon = (q + 1 < last) ? q + 1 : NULL;

        if (colon && *colon != ':') {
            return NGX_DECLINED;
        }

    } else {
        colon = ngx_strlchr(p, last, ':');

        if (colon) {
            url->name.len = colon - p;
        }
    }

    if (colon) {
        port = ngx_atoi(colon + 1, last - colon - 1);

        if (port < 1 || port > 65535) {
            return NGX_DECLINED;
        }

        url->port = (in_port_t) port;
    }

    if (url->name.len == 0 || url->name.len > 253) {
        return NGX_DECLINED;
    }

    for (q = url->name.data; q < url->name.data + url->name.len; q++) {
        if (!((*q >= 'a' && *q <= 'z') || (*q >= 'A' && *q <= 'Z')
              || (*q >= '0' && *q <= '9') || *q == '-' || *q == '.'
              || (*q == ':' && *p == '[')))
        {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_voyo_media_url_other(ngx_str_t *text, ngx_voyo_media_url_t *url,
    ngx_pool_t *pool, ngx_str_t *other)
{
    u_char      *p, *last, *node, *dashes;
    ngx_str_t    fvip, name[2];
    ngx_uint_t   i;

    /* "rr3---sn-abc.googlevideo.com", mn=sn-abc,sn-def, fvip=2 */

    dashes = ngx_strnstr(url->name.data, "---", url->name.len);

    if (dashes == NULL
        || ngx_voyo_media_url_nodes(&url->uri, name) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    node = dashes + 3;
    last = url->name.data + url->name.len;

    for (i = 0; i < 2; i++) {
        if ((size_t) (last - node) > name[i].len
            && node[name[i].len] == '.'
            && ngx_strncasecmp(node, name[i].data, name[i].len) == 0)
        {
            break;
        }
    }

    if (i == 2) {
        return NGX_DECLINED;
    }

    other->data = ngx_pnalloc(pool, text->len + name[1 - i].len
                                    + NGX_INT_T_LEN);
    if (other->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(other->data, text->data, url->name.data - text->data);

    if (ngx_voyo_media_url_param(&url->uri, "fvip=", 5, &fvip) == NGX_OK
        && fvip.len <= 2 && ngx_atoi(fvip.data, fvip.len) != NGX_ERROR)
    {
        p = ngx_sprintf(p, "rr%V", &fvip);

    } else {
        p = ngx_cpymem(p, url->name.data, dashes - url->name.data);
    }

    p = ngx_sprintf(p, "---%V", &name[1 - i]);

    node += name[i].len;
    p = ngx_cpymem(p, node, text->data + text->len - node);

    other->len = p - other->data;

    return NGX_OK;
}


/* The two of mn=a,b or mn=a%2Cb. */

static ngx_int_t
ngx_voyo_media_url_nodes(ngx_str_t *uri, ngx_str_t name[2])
{
    u_char     *comma, *last;
    size_t      len;
    ngx_str_t   mn;

    if (ngx_voyo_media_url_param(uri, "mn=", 3, &mn) != NGX_OK) {
        return NGX_DECLINED;
    }

    len = 0;
    last = mn.data + mn.len;

    for (comma = mn.data; comma < last; comma++) {

        if (*comma == ',') {
            len = 1;
            break;
        }

        if (last - comma >= 3
            && ngx_strncasecmp(comma, (u_char *) "%2C", 3) == 0)
        {
            len = 3;
            break;
        }
    }

    if (comma == mn.data || comma == last || comma + len == last) {
        return NGX_DECLINED;
    }

    name[0].data = mn.data;
    name[0].len = comma - mn.data;
    name[1].data = comma + len;
    name[1].len = last - name[1].data;

    return NGX_OK;
}


static ngx_int_t
ngx_voyo_media_url_param(ngx_str_t *uri, const char *name, size_t len,
    ngx_str_t *value)
{
    u_char  *p, *last, *end;

    last = uri->data + uri->len;

    p = ngx_strlchr(uri->data, last, '?');

    while (p && (size_t) (last - ++p) > len) {

        end = ngx_strlchr(p, last, '&');

        if (ngx_strncmp(p, name, len) == 0) {
            value->data = p + len;
            value->len = (end ? end : last) - value->data;

            return NGX_OK;
        }

        p = end;
    }

    return NGX_DECLINED;
}


ngx_voyo_host_t *
ngx_voyo_media_url_host(ngx_array_t *hosts, ngx_voyo_media_url_t *url)
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

        /* ".example.com" has to end a longer name, "example.com" is one */

        if ((host[i].name.data[0] == '.') == (tail != url->name.data)) {
            return &host[i];
        }
    }

    return NULL;
}


ngx_uint_t
ngx_voyo_media_url_address(ngx_voyo_host_t *host, struct sockaddr *sockaddr)
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
        return !ngx_voyo_media_url_private(ntohl(sin->sin_addr.s_addr));

#if (NGX_HAVE_INET6)
    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) sockaddr;
        return !ngx_voyo_media_url_private6(&sin6->sin6_addr);
#endif

    default:
        return 0;
    }
}


static ngx_uint_t
ngx_voyo_media_url_private(in_addr_t addr)
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
ngx_voyo_media_url_private6(struct in6_addr *addr)
{
    u_char  *p;

    p = addr->s6_addr;

    if (IN6_IS_ADDR_V4MAPPED(addr)) {
        return ngx_voyo_media_url_private(((in_addr_t) p[12] << 24)
                                          + (p[13] << 16) + (p[14] << 8)
                                          + p[15]);
    }

    /*
     * global unicast is 2000::/3 (RFC 4291, section 2.4), but for what holds
     * an IPv4 address that may be private: 6to4 and Teredo
     */

    return (p[0] & 0xe0) != 0x20
           || (p[0] == 0x20 && p[1] == 0x02)
           || (p[0] == 0x20 && p[1] == 0x01 && p[2] == 0 && p[3] == 0);
}

#endif


char *
ngx_voyo_media_hosts(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char                  *base = conf;
    ngx_str_t             *value, text;
    ngx_uint_t             i;
    ngx_array_t          **hosts;
    ngx_voyo_host_t       *host;
    ngx_voyo_media_url_t   url;

    hosts = (ngx_array_t **) (base + cmd->offset);

    if (*hosts) {
        return "is duplicate";
    }

    *hosts = ngx_array_create(cf->pool, 4, sizeof(ngx_voyo_host_t));
    if (*hosts == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        host = ngx_array_push(*hosts);
        if (host == NULL) {
            return NGX_CONF_ERROR;
        }

        ngx_memzero(host, sizeof(ngx_voyo_host_t));

        if (ngx_strstr(value[i].data, "://") == NULL) {

            if (strpbrk((char *) value[i].data, "/:@?#")
                || value[i].len < 2)
            {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "invalid host \"%V\", it must be a name, "
                                   "a suffix with a leading dot, or an origin "
                                   "like \"https://example.com:8443\"",
                                   &value[i]);
                return NGX_CONF_ERROR;
            }

            host->name = value[i];
            continue;
        }

        text.len = value[i].len + 1;
        text.data = ngx_pnalloc(cf->pool, text.len);
        if (text.data == NULL) {
            return NGX_CONF_ERROR;
        }

        ngx_memcpy(text.data, value[i].data, value[i].len);
        text.data[value[i].len] = '/';

        if (ngx_voyo_media_url_parse(&url, &text) != NGX_OK
            || url.uri.len != 1)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid origin \"%V\", it must be a scheme, a "
                               "host and a port, like \"http://127.0.0.1:80\"",
                               &value[i]);
            return NGX_CONF_ERROR;
        }

        host->scheme = url.scheme;
        host->name = url.name;
        host->port = url.port;
    }

    return NGX_CONF_OK;
}
