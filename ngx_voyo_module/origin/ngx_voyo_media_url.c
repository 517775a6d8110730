
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_media_url.h"


static ngx_int_t ngx_voyo_media_url_authority(ngx_voyo_media_url_t *url,
    u_char *p, u_char *last);
static ngx_int_t ngx_voyo_media_url_nodes(ngx_str_t *uri, ngx_str_t name[2]);
static ngx_int_t ngx_voyo_media_url_param(ngx_str_t *uri, const char *name,
    size_t len, ngx_str_t *value);


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


/* The two names in mn=a,b or mn=a%2Cb. */

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
