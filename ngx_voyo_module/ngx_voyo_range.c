
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_range.h"


#define NGX_VOYO_NOT_SATISFIABLE  416


static u_char *ngx_voyo_range_number(u_char *p, u_char *last, off_t *number);


ngx_int_t
ngx_voyo_range_parse(ngx_str_t *value, off_t size, off_t *start, off_t *last)
{
    off_t    first, end;
    u_char  *p, *limit;

    if (value->len < 7
        || ngx_strncasecmp(value->data, (u_char *) "bytes=", 6) != 0)
    {
        return NGX_DECLINED;
    }

    p = value->data + 6;
    limit = value->data + value->len;

    if (ngx_strlchr(p, limit, ',') != NULL) {
        return NGX_DECLINED;
    }

    while (p < limit && *p == ' ') { p++; }

    first = -1;
    end = -1;

    if (p < limit && *p != '-') {
        p = ngx_voyo_range_number(p, limit, &first);
    }

    if (p == NULL || p == limit || *p++ != '-') {
        return NGX_VOYO_NOT_SATISFIABLE;
    }

    while (p < limit && *p == ' ') { p++; }

    if (p < limit) {
        p = ngx_voyo_range_number(p, limit, &end);

        if (p != limit) {
            return NGX_VOYO_NOT_SATISFIABLE;
        }
    }

    if (first < 0) {

        /* the last "end" bytes */

        if (end <= 0) {
            return NGX_VOYO_NOT_SATISFIABLE;
        }

        first = end < size ? size - end : 0;
        end = size - 1;
    }

    if (end < 0 || end >= size) {
        end = size - 1;
    }

    if (first > end) {
        return NGX_VOYO_NOT_SATISFIABLE;
    }

    *start = first;
    *last = end;

    return NGX_OK;
}


static u_char *
ngx_voyo_range_number(u_char *p, u_char *last, off_t *number)
{
    off_t  n;

    if (*p < '0' || *p > '9') {
        return NULL;
    }

    for (n = 0; p < last && *p >= '0' && *p <= '9'; p++) {

        if (n > (NGX_MAX_OFF_T_VALUE - 9) / 10) {
            return NULL;
        }

        n = n * 10 + (*p - '0');
    }

    while (p < last && *p == ' ') { p++; }

    *number = n;

    return p;
}
