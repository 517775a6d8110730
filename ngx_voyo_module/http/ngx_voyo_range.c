
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_range.h"


#define NGX_VOYO_NOT_SATISFIABLE  416


static ngx_int_t ngx_voyo_range_read(u_char *p, u_char *limit, off_t size,
    off_t *start, off_t *last);
static u_char *ngx_voyo_range_number(u_char *p, u_char *last, off_t *number);


ngx_int_t
ngx_voyo_range_parse(ngx_str_t *value, off_t size, off_t *start, off_t *last)
{
    u_char  *p, *limit;

    if (value->len < 7
        || ngx_strncasecmp(value->data, (u_char *) "bytes=", 6) != 0)
    {
        return NGX_DECLINED;
    }

    p = value->data + 6;
    limit = value->data + value->len;

    if (ngx_voyo_range_read(p, limit, size, start, last) == NGX_OK) {
        return NGX_OK;
    }

    return ngx_strlchr(p, limit, ',') ? NGX_DECLINED
                                      : NGX_VOYO_NOT_SATISFIABLE;
}


static ngx_int_t
ngx_voyo_range_read(u_char *p, u_char *limit, off_t size, off_t *start,
    off_t *last)
{
    off_t  first, end;

    while (p < limit && *p == ' ') { p++; }

    first = -1;
    end = -1;

    if (p < limit && *p != '-') {
        p = ngx_voyo_range_number(p, limit, &first);
    }

    if (p == NULL || p == limit || *p++ != '-') {
        return NGX_DECLINED;
    }

    while (p < limit && *p == ' ') { p++; }

    if (p < limit) {
        p = ngx_voyo_range_number(p, limit, &end);

        if (p != limit) {
            return NGX_DECLINED;
        }
    }

    if (first < 0) {

        /* the last "end" bytes */

        if (end <= 0) {
            return NGX_DECLINED;
        }

        first = end < size ? size - end : 0;
        end = size - 1;
    }

    if (end < 0 || end >= size) {
        end = size - 1;
    }

    if (first > end) {
        return NGX_DECLINED;
    }

    *start = first;
    *last = end;

    return NGX_OK;
}


static u_char *
ngx_voyo_range_number(u_char *p, u_char *last, off_t *number)
{
    off_t       n;
    ngx_uint_t  digit;

    if (*p < '0' || *p > '9') {
        return NULL;
    }

    for (n = 0; p < last; p++) {

        digit = (u_char) (*p - '0');

        if (digit > 9) {
            break;
        }

        if (n > (NGX_MAX_OFF_T_VALUE - 9) / 10) {
            return NULL;
        }

        n = n * 10 + digit;
    }

    while (p < last && *p == ' ') { p++; }

    *number = n;

    return p;
}
