
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_check.h"
#include "ngx_voyo_header.h"


static ngx_int_t ngx_voyo_check_range(ngx_str_t *value,
    ngx_voyo_origin_t *origin);


const char *
ngx_voyo_check(ngx_http_upstream_t *u, ngx_voyo_origin_t *origin)
{
    ngx_str_t  *range;

    if (u->headers_in.status_n != NGX_HTTP_PARTIAL_CONTENT) {
        return "another status than 206";
    }

    if (u->headers_in.chunked || u->headers_in.content_length_n < 0) {
        return "no Content-Length";
    }

    if (u->headers_in.content_length_n != origin->last - origin->start + 1) {
        return "a wrong Content-Length";
    }

    if (u->headers_in.content_type == NULL
        || u->headers_in.content_type->value.len < 6
        || ngx_strncasecmp(u->headers_in.content_type->value.data,
                           (u_char *) "audio/", 6)
           != 0)
    {
        return "another type than audio";
    }

    if (ngx_voyo_header_find(&u->headers_in.headers, "Content-Encoding")) {
        return "an encoded body";
    }

    range = ngx_voyo_header_find(&u->headers_in.headers, "Content-Range");

    if (range == NULL || ngx_voyo_check_range(range, origin) != NGX_OK) {
        return "a wrong Content-Range";
    }

    if (ngx_voyo_header_count(&u->headers_in.headers, "Content-Range") != 1) {
        return "two Content-Range fields";
    }

    return NULL;
}


static ngx_int_t
ngx_voyo_check_range(ngx_str_t *value, ngx_voyo_origin_t *origin)
{
    u_char  *last, buf[sizeof("bytes -/") + 3 * NGX_OFF_T_LEN];

    /* there is exactly one valid form (RFC 9110, section 14.4) */

    last = ngx_sprintf(buf, "bytes %O-%O/%O", origin->start, origin->last,
                       origin->size);

    if (value->len != (size_t) (last - buf)
        || ngx_strncasecmp(value->data, buf, value->len) != 0)
    {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


void
ngx_voyo_check_hide(ngx_http_upstream_t *u)
{
    ngx_uint_t        i, j;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    static ngx_str_t  shown[] = {
        ngx_string("content-type"),
        ngx_string("content-length"),
        ngx_string("content-range")
    };

    static ngx_str_t  hidden = ngx_string("x-pad");

    for (part = &u->headers_in.headers.part; part; part = part->next) {

        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            for (j = 0; j < sizeof(shown) / sizeof(ngx_str_t); j++) {
                if (h[i].key.len == shown[j].len
                    && ngx_strncasecmp(h[i].key.data, shown[j].data,
                                       shown[j].len)
                       == 0)
                {
                    break;
                }
            }

            if (j < sizeof(shown) / sizeof(ngx_str_t)) {
                continue;
            }

            h[i].key = hidden;
            h[i].lowcase_key = hidden.data;
            h[i].hash = ngx_hash_key(hidden.data, hidden.len);
        }
    }
}
