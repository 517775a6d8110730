
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_fill_message.h"


#define NGX_VOYO_FILL_FAILED  300        /* this status and above */


static u_char *ngx_voyo_fill_answer(u_char *p, u_char *last,
    ngx_uint_t *status, ngx_uint_t *retry_after);


size_t
ngx_voyo_fill_message(u_char *buf, size_t size,
    ngx_voyo_fill_request_t *request, size_t *key)
{
    u_char  *p, *last;

    last = buf + size;

    p = ngx_slprintf(buf, last,
                     "HEAD /fill/%*s?quality=%s&codec=%s HTTP/1.1" CRLF
                     "Host: voyo" CRLF
                     "Range: bytes=%O-%O" CRLF,
                     (size_t) VOYO_TRACK_LEN, request->track,
                     voyo_quality_name(request->quality),
                     voyo_codec_name(request->codec),
                     request->offset, request->offset);

    if (request->representation) {
        p = ngx_slprintf(p, last, "If-Match: \"%V\"" CRLF,
                         request->representation);
    }

    *key = p - buf;

    if (request->client) {
        p = ngx_slprintf(p, last, "X-Voyo-Client: %V" CRLF, request->client);
    }

    p = ngx_slprintf(p, last, CRLF
                     "HEAD /fill/ HTTP/1.1" CRLF
                     "Host: voyo" CRLF
                     "Connection: close" CRLF CRLF);

    return p < last ? p - buf : 0;
}


ngx_uint_t
ngx_voyo_fill_status(u_char *p, size_t len, ngx_uint_t *retry_after)
{
    u_char      *last;
    ngx_uint_t   first, second, nothing;

    last = p + len;

    *retry_after = 0;

    p = ngx_voyo_fill_answer(p, last, &first, retry_after);

    if (p == NULL) {
        return 0;
    }

    if (first >= NGX_VOYO_FILL_FAILED) {
        return first;
    }

    /* without the second response the slice is incomplete */

    return ngx_voyo_fill_answer(p, last, &second, &nothing) ? 200 : 0;
}


static u_char *
ngx_voyo_fill_answer(u_char *p, u_char *last, ngx_uint_t *status,
    ngx_uint_t *retry_after)
{
    u_char     *end;
    ngx_int_t   n;

    static const char  name[] = "Retry-After: ";

    /* "HTTP/1.1 200 OK" */

    if (last - p < 12 || ngx_strncmp(p, "HTTP/1.", 7) != 0) {
        return NULL;
    }

    n = ngx_atoi(p + 9, 3);

    if (n == NGX_ERROR) {
        return NULL;
    }

    *status = n;

    for ( ;; ) {

        end = ngx_strlchr(p, last, LF);

        if (end == NULL) {
            return NULL;
        }

        if (end - p < 2) {
            return end + 1;
        }

        if ((size_t) (end - p) > sizeof(name)
            && ngx_strncasecmp(p, (u_char *) name, sizeof(name) - 1) == 0)
        {
            n = ngx_atoi(p + sizeof(name) - 1,
                         end - 1 - p - (sizeof(name) - 1));
            *retry_after = n > 0 ? n : 0;
        }

        p = end + 1;
    }
}
