
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_cached.h"
#include "ngx_voyo_counters.h"
#include "ngx_voyo_ctx.h"
#include "ngx_voyo_header.h"
#include "ngx_voyo_slice.h"
#include "ngx_voyo_zone.h"


/*
 * The guard runs before nginx's slice filter.  It lets only complete 206 slices
 * through: nginx takes a subrequest that fails after its header for finished,
 * and the body of one that error_page answers would end up in the audio
 * (docs/upstream.md, N16, N17).
 *
 * A response that does not fit into the cache is passed on without it.
 */

static ngx_int_t ngx_voyo_guard_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_voyo_guard_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static ngx_int_t ngx_voyo_guard_taken(ngx_http_request_t *r,
    ngx_voyo_ctx_t *edge);
static void ngx_voyo_guard_count(ngx_http_request_t *r, ngx_voyo_ctx_t *edge);
static ngx_int_t ngx_voyo_guard_check(ngx_http_request_t *r,
    ngx_voyo_slices_t *slices);
static void ngx_voyo_guard_cut(ngx_http_request_t *r,
    const ngx_voyo_problem_t *problem, ngx_voyo_counter_e counter);
static ngx_int_t ngx_voyo_guard_filter_init(ngx_conf_t *cf);


static ngx_http_module_t  ngx_voyo_guard_filter_module_ctx = {
    NULL,                                  /* preconfiguration */
    ngx_voyo_guard_filter_init,            /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_voyo_guard_filter_module = {
    NGX_MODULE_V1,
    &ngx_voyo_guard_filter_module_ctx,     /* module context */
    NULL,                                  /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


static ngx_int_t
ngx_voyo_guard_header_filter(ngx_http_request_t *r)
{
    ngx_voyo_ctx_t        *edge;
    ngx_http_upstream_t   *u;
    ngx_voyo_loc_conf_t   *vlcf;
    ngx_voyo_main_conf_t  *vmcf;
    ngx_voyo_slices_t     *slices;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);
    vlcf = ngx_http_get_module_loc_conf(r->main, ngx_voyo_module);
    u = r->upstream;

    if (u && u->cacheable && r->cache && !r->cached
        && (vlcf->stream || r->cache->file_cache == ngx_voyo_cache_of(vmcf))
        && ngx_voyo_cache_full(r->cache->file_cache))
    {
        ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                      "no room in cache \"%V\", the response is not stored",
                      &r->cache->file_cache->path->name);

        u->cacheable = 0;

        if (vlcf->fill) {
            r->headers_out.status = NGX_HTTP_INSUFFICIENT_STORAGE;
            r->headers_out.status_line.len = 0;
        }
    }

    if (!vlcf->stream) {
        return ngx_http_next_header_filter(r);
    }

    edge = ngx_voyo_ctx_get(r, NGX_VOYO_EDGE);

    if (r == r->main && edge && edge->sent) {

        /* it was sent before the retry: filters run, but nginx sends none */

        r->header_sent = 1;

        if (r->headers_out.status != NGX_HTTP_PARTIAL_CONTENT) {
            return NGX_ERROR;
        }
    }

    slices = ngx_voyo_slices(r);

    if (r != r->main && (slices == NULL || r->background)) {

        /* before the first slice: a subrequest of auth_request or mirror */

        return ngx_http_next_header_filter(r);
    }

    if (r->headers_out.status != NGX_HTTP_PARTIAL_CONTENT) {

        if (r == r->main) {

            /* not a slice, or a range that was refused after its header */

            ngx_http_set_ctx(r, NULL, ngx_voyo_guard_filter_module);

            return ngx_http_next_header_filter(r);
        }

        ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                      "slice was answered with %ui in mid-track, the "
                      "connection is closed", r->headers_out.status);

        ngx_voyo_guard_cut(r, &ngx_voyo_problem_slice, NGX_VOYO_CUT_SLICE);

        return NGX_ERROR;
    }

    if (edge && edge->track
        && ngx_voyo_taken(vmcf->shm_zone, edge->track, edge->generation,
                          &edge->takedowns))
    {
        return ngx_voyo_guard_taken(r, edge);
    }

    if (slices == NULL) {
        slices = ngx_pcalloc(r->main->pool, sizeof(ngx_voyo_slices_t));
        if (slices == NULL) {
            return NGX_ERROR;
        }

        ngx_http_set_ctx(r->main, slices, ngx_voyo_guard_filter_module);

    } else if (ngx_voyo_guard_check(r, slices) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_voyo_slice_etag(r, slices);

    slices->request = r;
    slices->expected = r->headers_out.content_length_n;
    slices->received = 0;

    if (edge && !vlcf->fill) {
        ngx_voyo_guard_count(r, edge);
    }

    return ngx_http_next_header_filter(r);
}


static ngx_int_t
ngx_voyo_guard_taken(ngx_http_request_t *r, ngx_voyo_ctx_t *edge)
{
    if (r == r->main && !edge->sent) {

        /* it is looked up again, by @again */

        ngx_http_clean_header(r);

        return NGX_VOYO_GONE;
    }

    ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                  "track \"%*s\" was taken down, the connection is closed",
                  (size_t) VOYO_TRACK_LEN, edge->track);

    ngx_voyo_guard_cut(r, &ngx_voyo_problem_taken, NGX_VOYO_CUT_TAKEDOWN);

    return NGX_ERROR;
}


static void
ngx_voyo_guard_count(ngx_http_request_t *r, ngx_voyo_ctx_t *edge)
{
    ngx_time_t            *now;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);

    ngx_voyo_count(vmcf->shm_zone,
                   !r->cached ? NGX_VOYO_SLICE_MISS
                   : r->cache->wait_time ? NGX_VOYO_SLICE_WAITED
                   : NGX_VOYO_SLICE_HIT);

    if (!r->cached && r->upstream) {
        edge->repairs += ngx_voyo_header_seconds(
                                            &r->upstream->headers_in.headers,
                                            "X-Voyo-Repairs");
    }

    if (r == r->main && !edge->sent) {
        now = ngx_timeofday();

        edge->first_byte = (now->sec - r->start_sec) * 1000 + now->msec
                           - r->start_msec;
    }
}


static ngx_int_t
ngx_voyo_guard_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_int_t           rc;
    ngx_uint_t          last;
    ngx_chain_t        *cl;
    ngx_voyo_slices_t  *slices;

    slices = ngx_voyo_slices(r);

    if (slices == NULL) {
        return ngx_http_next_body_filter(r, in);
    }

    if (r == r->main && ngx_voyo_slice_end(r, slices) != NGX_OK) {

        /* the slice filter ends the response itself */

        return NGX_ERROR;
    }

    if (r == slices->request) {

        last = 0;

        for (cl = in; cl; cl = cl->next) {
            slices->received += ngx_buf_size(cl->buf);
            last |= cl->buf->last_buf;
        }

        if (slices->received > slices->expected) {
            return ngx_voyo_guard_check(r, slices);
        }

        if (last && ngx_voyo_guard_check(r, slices) != NGX_OK) {

            /* the only slice: a proxy in front needs the header */

            (void) ngx_http_send_special(r, NGX_HTTP_FLUSH);

            return NGX_ERROR;
        }

    } else if (r == r->main && slices->request->done
               && ngx_voyo_guard_check(r, slices) != NGX_OK)
    {
        /* the slice filter would continue with the next one */

        return NGX_ERROR;
    }

    rc = ngx_http_next_body_filter(r, in);

    if (r == r->main && ngx_voyo_slice_end(r, slices) != NGX_OK) {
        return NGX_ERROR;
    }

    return rc;
}


static ngx_int_t
ngx_voyo_guard_check(ngx_http_request_t *r, ngx_voyo_slices_t *slices)
{
    ngx_str_t  *name;

    if (slices->received == slices->expected) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                  "slice has %O bytes instead of %O, the connection is closed",
                  slices->received, slices->expected);

    ngx_voyo_guard_cut(r, &ngx_voyo_problem_slice, NGX_VOYO_CUT_SLICE);

    if (slices->request->cached && slices->request->cache) {

        /* nginx trusts a cached file's length; the next request fetches it */

        name = &slices->request->cache->file.name;

        if (ngx_delete_file(name->data) == NGX_FILE_ERROR) {
            ngx_log_error(NGX_LOG_CRIT, r->connection->log, ngx_errno,
                          ngx_delete_file_n " \"%V\" failed", name);
        }
    }

    return NGX_ERROR;
}


static void
ngx_voyo_guard_cut(ngx_http_request_t *r, const ngx_voyo_problem_t *problem,
    ngx_voyo_counter_e counter)
{
    ngx_voyo_ctx_t        *edge;
    ngx_voyo_loc_conf_t   *vlcf;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);
    vlcf = ngx_http_get_module_loc_conf(r->main, ngx_voyo_module);
    edge = ngx_voyo_ctx_get(r, NGX_VOYO_EDGE);

    if (edge && !vlcf->fill) {
        edge->problem = *problem;
        ngx_voyo_count(vmcf->shm_zone, counter);
    }
}


static ngx_int_t
ngx_voyo_guard_filter_init(ngx_conf_t *cf)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_voyo_guard_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_voyo_guard_body_filter;

    return NGX_OK;
}
