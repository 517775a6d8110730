
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_answer.h"
#include "ngx_voyo_edge_ctx.h"
#include "ngx_voyo_header.h"


static ngx_int_t ngx_voyo_answer_header(ngx_http_request_t *r,
    ngx_voyo_edge_t *edge);


ngx_int_t
ngx_voyo_answer(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_voyo_answer_header(r, ngx_http_get_module_ctx(r, ngx_voyo_module))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    /* send the header only: the body is missing, so the connection is closed */

    (void) ngx_http_send_special(r, NGX_HTTP_FLUSH);

    return NGX_ERROR;
}


/* Sets the header of a complete response, from the record. */

static ngx_int_t
ngx_voyo_answer_header(ngx_http_request_t *r, ngx_voyo_edge_t *edge)
{
    size_t   len;
    u_char  *etag;

    ngx_http_clear_etag(r);

    len = edge->representation.len;

    etag = ngx_pnalloc(r->pool, len + 2);
    if (etag == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(etag, "\"%V\"", &edge->representation);

    r->headers_out.etag = ngx_voyo_header_add(r, "ETag", etag, len + 2);
    if (r->headers_out.etag == NULL) {
        return NGX_ERROR;
    }

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = edge->format.size;
    r->headers_out.content_type.data =
                              (u_char *) voyo_codec_type(edge->format.codec);
    r->headers_out.content_type.len =
                              ngx_strlen(r->headers_out.content_type.data);
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    r->allow_ranges = 1;
    r->single_range = 1;

    return NGX_OK;
}
