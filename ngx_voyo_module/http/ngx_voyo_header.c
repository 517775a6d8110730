
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_header.h"


static ngx_str_t *ngx_voyo_header_next(ngx_list_part_t **part, ngx_uint_t *i,
    const char *name);


ngx_str_t *
ngx_voyo_header_find(ngx_list_t *headers, const char *name)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;

    part = &headers->part;
    i = 0;

    return ngx_voyo_header_next(&part, &i, name);
}


ngx_uint_t
ngx_voyo_header_count(ngx_list_t *headers, const char *name)
{
    ngx_uint_t        i, n;
    ngx_list_part_t  *part;

    part = &headers->part;
    i = 0;

    for (n = 0; ngx_voyo_header_next(&part, &i, name); n++) { /* void */ }

    return n;
}


static ngx_str_t *
ngx_voyo_header_next(ngx_list_part_t **part, ngx_uint_t *i, const char *name)
{
    size_t            len;
    ngx_table_elt_t  *h;

    len = ngx_strlen(name);

    while (*part) {

        if (*i == (*part)->nelts) {
            *part = (*part)->next;
            *i = 0;
            continue;
        }

        h = (*part)->elts;
        h += (*i)++;

        if (h->key.len == len
            && ngx_strncasecmp(h->key.data, (u_char *) name, len) == 0)
        {
            return &h->value;
        }
    }

    return NULL;
}


ngx_uint_t
ngx_voyo_header_seconds(ngx_list_t *headers, const char *name)
{
    ngx_int_t   n;
    ngx_str_t  *value;

    value = ngx_voyo_header_find(headers, name);

    if (value == NULL) {
        return 0;
    }

    n = ngx_atoi(value->data, value->len);

    return n > 0 ? n : 0;
}


ngx_table_elt_t *
ngx_voyo_header_add(ngx_http_request_t *r, const char *name, u_char *value,
    size_t len)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NULL;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value.data = value;
    h->value.len = len;

    return h;
}
