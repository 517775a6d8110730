
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_header.h"
#include "ngx_voyo_module.h"


#define NGX_VOYO_PROBLEM_LEN  512


static ngx_int_t ngx_voyo_problem_handler(ngx_http_request_t *r);
static void ngx_voyo_problem_cleanup(void *data);
static ngx_int_t ngx_voyo_problem_headers(ngx_http_request_t *r,
    const ngx_voyo_problem_t *problem);


const ngx_voyo_problem_t  ngx_voyo_problem_track = {
    400, "bad_track",
    "The track id must be the 11 characters of a YouTube id, or vyo_ and "
    "their base64url.", 0, 0, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_quality = {
    400, "bad_quality", "The quality must be low, medium or high.", 0, 0, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_codec = {
    400, "bad_codec", "The codec must be aac or opus.", 0, 0, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_prefetch = {
    400, "bad_prefetch",
    "What is to be prefetched must be a track id or true.", 0, 0, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_changed = {
    412, "changed", "The track was encoded anew.", 0, 0, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_method = {
    405, "bad_method", "This method is not answered here, see Allow.",
    0, 0, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_range = {
    416, "range_not_satisfiable", "The track has no byte of this range.",
    0, 0, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_busy = {
    503, "busy", "Too many requests are waiting for their tracks.", 5, 1, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_memory = {
    503, "busy", "The server is short of memory.", 5, 1, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_redis = {
    503, "redis_unavailable",
    "Tracks that are not cached can not be looked up just now.", 2, 1, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_resolver = {
    503, "no_resolver",
    "Tracks that are not cached can not be resolved just now.", 5, 1, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_timeout = {
    504, "resolve_timeout", "The track was not resolved in time.", 5, 1, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_request = {
    400, "bad_request", "This is no request for a slice.", 0, 0, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_client = {
    400, "bad_request", "The request is malformed.", 0, 0, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_refused = {
    403, "refused", "The request was refused.", 0, 0, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_limited = {
    429, "too_many_requests", "There were too many requests.", 5, 1, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_media = {
    502, "media_failed", "The track could not be fetched.", 5, 1, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_host = {
    502, "host_not_allowed",
    "The track is on a host that may not be fetched from.", 60, 0, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_gone = {
    NGX_VOYO_GONE, "representation_gone",
    "The track was encoded anew, ask for it again.", 1, 1, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_artwork = {
    404, "no_artwork", "The track has no picture.", 0, 0, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_broken = {
    502, "media_failed", "The track could not be served.", 5, 1, 0
};


/* Those that the origin may answer with. */

static const ngx_voyo_problem_t *const  ngx_voyo_problems[] = {
    &ngx_voyo_problem_busy,
    &ngx_voyo_problem_redis,
    &ngx_voyo_problem_resolver,
    &ngx_voyo_problem_timeout,
    &ngx_voyo_problem_media,
    &ngx_voyo_problem_host,
    &ngx_voyo_problem_gone
};


ngx_int_t
ngx_voyo_problem(ngx_http_request_t *r, const ngx_voyo_problem_t *problem)
{
    ngx_pool_cleanup_t  *cln;

    /* the context is another's, or zeroed: it is kept in a pool cleanup */

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_voyo_problem_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_voyo_problem_cleanup;
    ngx_memcpy(cln->data, problem, sizeof(ngx_voyo_problem_t));

    r->content_handler = ngx_voyo_problem_handler;

    return NGX_DECLINED;
}


static ngx_int_t
ngx_voyo_problem_handler(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t  *cln;

    /* the newest is the first */

    for (cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_voyo_problem_cleanup) {
            return ngx_voyo_problem_send(r, cln->data);
        }
    }

    return ngx_voyo_problem_send(r, &ngx_voyo_problem_broken);
}


static void
ngx_voyo_problem_cleanup(void *data)
{
    /* the memory is the pool's */
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

    /* no range of it, and nothing of what it was to be */

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
        && ngx_voyo_header_add(r, "Allow", (u_char *) "GET, HEAD, OPTIONS",
                               vlcf->stream ? sizeof("GET, HEAD, OPTIONS") - 1
                                            : sizeof("GET, HEAD") - 1)
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


void
ngx_voyo_problem_outcome(ngx_voyo_problem_t *problem,
    ngx_voyo_outcome_e outcome, const voyo_record_t *record)
{
    const voyo_class_info_t  *info;

    switch (outcome) {

    case NGX_VOYO_NO_RESOLVER:
        *problem = ngx_voyo_problem_resolver;
        return;

    case NGX_VOYO_NO_REDIS:
        *problem = ngx_voyo_problem_redis;
        return;

    case NGX_VOYO_FAILURE:
        break;

    default:
        *problem = ngx_voyo_problem_timeout;
        return;
    }

    info = voyo_class_info(record->error);

    problem->status = info->status;
    problem->code = info->name;
    problem->title = info->title;
    problem->retryable = !info->permanent;
    problem->size = 0;
    problem->retry_after = 0;

    if (problem->status == NGX_HTTP_TOO_MANY_REQUESTS
        || problem->status >= NGX_HTTP_INTERNAL_SERVER_ERROR)
    {
        problem->retry_after = ngx_max(record->retry_after, 1);
    }
}


void
ngx_voyo_problem_named(ngx_voyo_problem_t *problem, ngx_uint_t status,
    ngx_str_t *code)
{
    size_t                    len;
    ngx_uint_t                i;
    voyo_class_t              class;
    const voyo_class_info_t  *info;

    *problem = ngx_voyo_problem_broken;

    for (i = 0; code && i < sizeof(ngx_voyo_problems) / sizeof(void *); i++) {

        len = ngx_strlen(ngx_voyo_problems[i]->code);

        if (code->len == len
            && ngx_strncmp(code->data, ngx_voyo_problems[i]->code, len) == 0)
        {
            *problem = *ngx_voyo_problems[i];
            break;
        }
    }

    class = code ? voyo_class_by_name((char *) code->data, code->len)
                 : VOYO_CLASS_NONE;

    if (class != VOYO_CLASS_NONE) {
        info = voyo_class_info(class);

        problem->code = info->name;
        problem->title = info->title;
        problem->retryable = !info->permanent;
        problem->retry_after = 0;
    }

    /* what isn't told by the origin failed between it and us */

    if (status == NGX_VOYO_GONE
        || (code == NULL
            && status != NGX_HTTP_SERVICE_UNAVAILABLE
            && status != NGX_HTTP_GATEWAY_TIME_OUT
            && (status < NGX_HTTP_BAD_REQUEST
                || status >= NGX_HTTP_INTERNAL_SERVER_ERROR)))
    {
        status = NGX_HTTP_BAD_GATEWAY;
    }

    if (status < NGX_HTTP_INTERNAL_SERVER_ERROR
        && status != NGX_HTTP_TOO_MANY_REQUESTS)
    {
        problem->retry_after = 0;
    }

    problem->status = status;
}


ngx_int_t
ngx_voyo_problem_parking(ngx_http_request_t *r, ngx_int_t rc)
{
    switch (rc) {

    case NGX_BUSY:
        return ngx_voyo_problem(r, &ngx_voyo_problem_busy);

    case NGX_DECLINED:
        return ngx_voyo_problem(r, &ngx_voyo_problem_redis);

    default:
        return ngx_voyo_problem(r, &ngx_voyo_problem_memory);
    }
}
