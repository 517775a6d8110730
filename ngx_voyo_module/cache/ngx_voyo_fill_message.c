
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_fill_message.h"


#define NGX_VOYO_FILL_FAILED  300        /* this status and above */


static void ngx_voyo_fill_read_line(ngx_voyo_fill_answer_t *answer);


size_t
ngx_voyo_fill_message(u_char *buf, size_t size, ngx_str_t *uri,
    ngx_voyo_fill_request_t *request, size_t *key)
{
    u_char  *p, *last;

    last = buf + size;

    p = ngx_slprintf(buf, last,
                     "HEAD %V%*s?quality=%s&codec=%s HTTP/1.1" CRLF
                     "Host: voyo" CRLF
                     "Range: bytes=%O-%O" CRLF,
                     uri, (size_t) VOYO_TRACK_LEN, request->track,
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

    if (request->request_id.len) {
        p = ngx_slprintf(p, last, "X-Request-Id: %V" CRLF,
                         &request->request_id);
    }

    p = ngx_slprintf(p, last, CRLF
                     "HEAD %V HTTP/1.1" CRLF
                     "Host: voyo" CRLF
                     "Connection: close" CRLF CRLF, uri);

    return p < last ? p - buf : 0;
}


void
ngx_voyo_fill_read(ngx_voyo_fill_answer_t *answer, u_char *p, size_t len)
{
    u_char  *last;

    for (last = p + len; p < last; p++) {

        if (*p == LF) {
            ngx_voyo_fill_read_line(answer);
            answer->len = 0;

        } else if (*p != CR && answer->len < sizeof(answer->line)) {
            answer->line[answer->len++] = *p;
        }
    }
}


static void
ngx_voyo_fill_read_line(ngx_voyo_fill_answer_t *answer)
{
    ngx_int_t  n;

    static const char  name[] = "Retry-After: ";

    if (answer->len == 0) {
        answer->headers++;
        return;
    }

    if (answer->headers) {
        return;
    }

    if (answer->status == 0) {

        /* "HTTP/1.1 200 OK" */

        n = answer->len < 12 ? NGX_ERROR : ngx_atoi(answer->line + 9, 3);
        answer->status = n > 0 ? n : 0;

    } else if (answer->len > sizeof(name) - 1
               && ngx_strncasecmp(answer->line, (u_char *) name,
                                  sizeof(name) - 1) == 0)
    {
        n = ngx_atoi(answer->line + sizeof(name) - 1,
                     answer->len - (sizeof(name) - 1));
        answer->retry_after = n > 0 ? n : 0;
    }
}


ngx_uint_t
ngx_voyo_fill_status(ngx_voyo_fill_answer_t *answer)
{
    if (answer->headers && answer->status >= NGX_VOYO_FILL_FAILED) {
        return answer->status;
    }

    /* without the second response the slice is incomplete */

    return answer->headers > 1 ? NGX_HTTP_OK : 0;
}
