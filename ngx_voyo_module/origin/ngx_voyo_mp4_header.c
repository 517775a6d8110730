
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_mp4_header.h"
#include "ngx_voyo_origin_ctx.h"

#include "voyo_errno.h"
#include "voyo_format.h"
#include "voyo_mp4.h"


static ngx_int_t ngx_voyo_mp4_header_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_voyo_mp4_header_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static ngx_chain_t *ngx_voyo_mp4_header_take(ngx_buf_t *header,
    ngx_chain_t *in, ngx_buf_t **flush);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


static ngx_int_t
ngx_voyo_mp4_header_header_filter(ngx_http_request_t *r)
{
    ngx_voyo_origin_t    *origin;
    ngx_voyo_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    if (!vlcf->origin || r != r->main
        || r->headers_out.status != NGX_HTTP_PARTIAL_CONTENT)
    {
        return ngx_http_next_header_filter(r);
    }

    origin = ngx_voyo_ctx_get(r, NGX_VOYO_ORIGIN);

    if (origin == NULL || !origin->mp4_header || origin->start > 0
        || origin->source.codec != VOYO_CODEC_AAC)
    {
        return ngx_http_next_header_filter(r);
    }

    origin->header = ngx_create_temp_buf(r->pool, VOYO_MP4_HEADER_MAX);
    if (origin->header == NULL) {
        return NGX_ERROR;
    }

    r->filter_need_in_memory = 1;

    return ngx_http_next_header_filter(r);
}


static ngx_int_t
ngx_voyo_mp4_header_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_int_t             rc;
    ngx_buf_t            *b, *flush;
    ngx_uint_t            i;
    ngx_chain_t           out;
    ngx_voyo_origin_t    *origin;
    voyo_mp4_duration_t   durations[VOYO_MP4_DURATIONS];
    ngx_voyo_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    if (!vlcf->origin || in == NULL) {
        return ngx_http_next_body_filter(r, in);
    }

    origin = ngx_voyo_ctx_get(r, NGX_VOYO_ORIGIN);

    if (origin == NULL || origin->header == NULL) {
        return ngx_http_next_body_filter(r, in);
    }

    b = origin->header;
    out.buf = b;
    out.next = ngx_voyo_mp4_header_take(b, in, &flush);

    rc = voyo_mp4_durations(b->pos, b->last - b->pos, durations);

    if (rc == VOYO_EAGAIN && out.next == NULL && !b->last_buf) {

        if (flush == NULL) {
            return NGX_OK;
        }

        /* send the header of the response at once */

        out.buf = flush;

        return ngx_http_next_body_filter(r, &out);
    }

    origin->header = NULL;

    if (rc == VOYO_OK) {
        for (i = 0; i < VOYO_MP4_DURATIONS; i++) {
            ngx_memzero(b->pos + durations[i].offset, durations[i].len);
        }
    }

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "voyo mp4 header of %uz bytes, %s", b->last - b->pos,
                   rc == VOYO_OK ? "made right" : "left as it is");

    return ngx_http_next_body_filter(r, ngx_buf_size(b) ? &out : out.next);
}


/*
 * Moves as much data as fits from "in" to "header", and returns the rest.
 * "flush" is the last special buffer, or NULL.
 */

static ngx_chain_t *
ngx_voyo_mp4_header_take(ngx_buf_t *header, ngx_chain_t *in,
    ngx_buf_t **flush)
{
    size_t      n;
    ngx_buf_t  *b;

    *flush = NULL;

    for ( /* void */ ; in; in = in->next) {

        b = in->buf;

        if (!ngx_buf_in_memory(b)) {

            if (b->in_file || b->last_buf) {
                return in;
            }

            header->flush |= b->flush;
            *flush = b;
            continue;
        }

        n = ngx_min(b->last - b->pos, header->end - header->last);

        header->last = ngx_cpymem(header->last, b->pos, n);
        b->pos += n;

        if (b->in_file) {
            b->file_pos += n;
        }

        if (b->pos < b->last) {
            return in;
        }

        /* the proxy waits for recycled buffers: do not postpone them */

        header->recycled |= b->recycled;
        header->flush |= b->flush;
        header->last_buf |= b->last_buf;
        header->last_in_chain |= b->last_in_chain;
    }

    return NULL;
}


void
ngx_voyo_mp4_header_init(void)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_voyo_mp4_header_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_voyo_mp4_header_body_filter;
}
