
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_condition.h"
#include "ngx_voyo_range.h"


static void ngx_voyo_condition_if_range(ngx_http_request_t *r,
    ngx_voyo_edge_t *edge);
static ngx_uint_t ngx_voyo_condition_names(ngx_str_t *value,
    ngx_voyo_edge_t *edge, ngx_uint_t strong);


ngx_int_t
ngx_voyo_condition_range(ngx_http_request_t *r, ngx_voyo_edge_t *edge)
{
    u_char     *p;
    ngx_int_t   rc;
    ngx_str_t  *value;

    ngx_voyo_condition_if_range(r, edge);

    edge->start = 0;
    edge->last = edge->format.size - 1;

    if (r->headers_in.range == NULL) {
        return NGX_OK;
    }

    value = &r->headers_in.range->value;

    rc = ngx_voyo_range_parse(value, edge->format.size, &edge->start,
                              &edge->last);

    if (rc == NGX_DECLINED) {

        /* another unit or several ranges: send the whole representation */

        r->headers_in.range = NULL;

        return NGX_OK;
    }

    if (rc != NGX_OK) {
        return rc;
    }

    p = value->data + sizeof("bytes=") - 1;

    while (*p == ' ') { p++; }

    if (*p == '-') {

        /* with explicit bytes, a suffix range does not fetch slice 0 */

        p = ngx_pnalloc(r->pool, sizeof("bytes=-") + 2 * NGX_OFF_T_LEN);
        if (p == NULL) {
            return NGX_ERROR;
        }

        value->data = p;
        value->len = ngx_sprintf(p, "bytes=%O-%O%Z", edge->start, edge->last)
                     - p - 1;
    }

    return NGX_OK;
}


static void
ngx_voyo_condition_if_range(ngx_http_request_t *r, ngx_voyo_edge_t *edge)
{
    size_t      len;
    ngx_str_t  *value;

    if (r->headers_in.if_range == NULL) {
        return;
    }

    /* evaluated here; nginx would fetch slice 0 for this */

    value = &r->headers_in.if_range->value;
    len = edge->representation.len;

    if (value->len != len + 2
        || value->data[0] != '"'
        || value->data[len + 1] != '"'
        || ngx_strncmp(value->data + 1, edge->representation.data, len) != 0)
    {
        /* a weak or different ETag, or a date, which no response has */

        r->headers_in.range = NULL;
    }

    r->headers_in.if_range = NULL;
}


ngx_uint_t
ngx_voyo_condition_match(ngx_http_request_t *r, ngx_voyo_edge_t *edge)
{
    ngx_table_elt_t  *h;

    h = r->headers_in.if_none_match;

    if (h == NULL || r->headers_in.if_match) {
        return 0;
    }

    return ngx_voyo_condition_names(&h->value, edge, 0);
}


ngx_uint_t
ngx_voyo_condition_if_match(ngx_http_request_t *r, ngx_voyo_edge_t *edge)
{
    ngx_table_elt_t  *h;

    h = r->headers_in.if_match;

    return h == NULL || ngx_voyo_condition_names(&h->value, edge, 1);
}


static ngx_uint_t
ngx_voyo_condition_names(ngx_str_t *value, ngx_voyo_edge_t *edge,
    ngx_uint_t strong)
{
    size_t   len;
    u_char  *p, *last;

    if (value->len == 1 && value->data[0] == '*') {
        return 1;
    }

    /* as in nginx, whose own filter runs when the header is sent */

    len = edge->representation.len;
    last = value->data + value->len;
    p = value->data;

    while (p < last) {

        /* a weak comparison ignores "W/" (RFC 9110, section 8.8.3.2) */

        if (!strong && last - p > 2 && p[0] == 'W' && p[1] == '/') {
            p += 2;
        }

        if ((size_t) (last - p) >= len + 2
            && p[0] == '"'
            && p[len + 1] == '"'
            && ngx_strncmp(p + 1, edge->representation.data, len) == 0)
        {
            p += len + 2;

            while (p < last && (*p == ' ' || *p == '\t')) { p++; }

            if (p == last || *p == ',') {
                return 1;
            }
        }

        while (p < last && *p != ',') { p++; }

        while (p < last && (*p == ' ' || *p == '\t' || *p == ',')) { p++; }
    }

    return 0;
}


void
ngx_voyo_condition_save(ngx_http_request_t *r, ngx_voyo_edge_t *edge)
{
    edge->range = r->headers_in.range;
    edge->if_range = r->headers_in.if_range;

    if (edge->range) {
        edge->range_value = edge->range->value;
    }
}


void
ngx_voyo_condition_restore(ngx_http_request_t *r, ngx_voyo_edge_t *edge)
{
    r->headers_in.range = edge->range;
    r->headers_in.if_range = edge->if_range;

    if (edge->range) {
        edge->range->value = edge->range_value;
    }
}
