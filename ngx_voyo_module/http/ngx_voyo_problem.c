
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_ctx.h"
#include "ngx_voyo_header.h"
#include "ngx_voyo_problem.h"


#define NGX_VOYO_PROBLEM_LEN  512


static ngx_int_t ngx_voyo_problem_handler(ngx_http_request_t *r);
static ngx_int_t ngx_voyo_problem_headers(ngx_http_request_t *r,
    const ngx_voyo_problem_t *problem);


ngx_int_t
ngx_voyo_problem(ngx_http_request_t *r, const ngx_voyo_problem_t *problem)
{
    ngx_voyo_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_voyo_module);

    if (ctx) {
        ctx->problem = *problem;
    }

    r->content_handler = ngx_voyo_problem_handler;

    return NGX_DECLINED;
}


static ngx_int_t
ngx_voyo_problem_handler(ngx_http_request_t *r)
{
    ngx_voyo_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_voyo_module);

    /* there is no context only if memory was short */

    return ngx_voyo_problem_send(r, ctx ? &ctx->problem
                                        : &ngx_voyo_problem_memory);
}


ngx_int_t
ngx_voyo_problem_send(ngx_http_request_t *r,
    const ngx_voyo_problem_t *problem)
{
    u_char       *p;
    ngx_int_t     rc;
    ngx_buf_t    *b;
    ngx_chain_t   out;

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    b = ngx_create_temp_buf(r->pool, NGX_VOYO_PROBLEM_LEN);
    if (b == NULL) {
        return NGX_ERROR;
    }

    p = ngx_slprintf(b->last, b->end,
                     "{\"type\":\"about:blank\",\"title\":\"%s\","
                     "\"status\":%ui,\"code\":\"%s\",\"retryable\":%s}" CRLF,
                     problem->title, problem->status, problem->code,
                     problem->retryable ? "true" : "false");

    b->last = p;
    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    if (ngx_voyo_problem_headers(r, problem) != NGX_OK) {
        return NGX_ERROR;
    }

    r->headers_out.status = problem->status;
    r->headers_out.status_line.len = 0;
    r->headers_out.content_length_n = b->last - b->pos;
    ngx_str_set(&r->headers_out.content_type, "application/problem+json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;
    r->headers_out.charset.len = 0;

    /* no ranges, and no headers of the intended response */

    r->allow_ranges = 0;
    ngx_http_clear_accept_ranges(r);
    ngx_http_clear_etag(r);

    if (r->headers_out.content_range) {
        r->headers_out.content_range->hash = 0;
        r->headers_out.content_range = NULL;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


static ngx_int_t
ngx_voyo_problem_headers(ngx_http_request_t *r,
    const ngx_voyo_problem_t *problem)
{
    u_char               *p, *last;
    ngx_voyo_loc_conf_t  *vlcf;

    if (ngx_voyo_header_add(r, "Cache-Control", (u_char *) "no-store",
                            sizeof("no-store") - 1)
        == NULL)
    {
        return NGX_ERROR;
    }

    if (problem->retry_after) {
        p = ngx_pnalloc(r->pool, NGX_INT_T_LEN);
        if (p == NULL) {
            return NGX_ERROR;
        }

        last = ngx_sprintf(p, "%ui", problem->retry_after);

        if (ngx_voyo_header_add(r, "Retry-After", p, last - p) == NULL) {
            return NGX_ERROR;
        }
    }

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    if (vlcf->origin
        && ngx_voyo_header_add(r, "X-Voyo-Problem", (u_char *) problem->code,
                               ngx_strlen(problem->code))
           == NULL)
    {
        return NGX_ERROR;
    }

    if (problem->status == NGX_HTTP_NOT_ALLOWED
        && ngx_voyo_header_add(r, "Allow", (u_char *) "GET, HEAD",
                               sizeof("GET, HEAD") - 1)
           == NULL)
    {
        return NGX_ERROR;
    }

    if (problem->status == NGX_HTTP_RANGE_NOT_SATISFIABLE) {
        p = ngx_pnalloc(r->pool, sizeof("bytes */") - 1 + NGX_OFF_T_LEN);
        if (p == NULL) {
            return NGX_ERROR;
        }

        last = ngx_sprintf(p, "bytes */%O", problem->size);

        if (ngx_voyo_header_add(r, "Content-Range", p, last - p) == NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
