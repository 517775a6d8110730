
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_slice.h"


/* holds what a slice needs that is in the cache */

#define NGX_VOYO_SLICE_POOL_SIZE  (10 * 1024)


static ngx_http_request_t *ngx_voyo_slice_created(ngx_http_request_t *r,
    ngx_pool_t *pool);
static ngx_uint_t ngx_voyo_slice_over(ngx_http_request_t *r,
    ngx_voyo_slices_t *slices);
static ngx_int_t ngx_voyo_slice_own_variables(ngx_http_request_t *sr);
static ngx_int_t ngx_voyo_slice_keep_variables(ngx_http_request_t *r,
    ngx_http_request_t *sr);
static void ngx_voyo_slice_cleanup(void *data);


/* a pool of no request, that nothing is allocated in */

static ngx_pool_t  *ngx_voyo_slice_spare;


void
ngx_voyo_slice_begin(ngx_http_request_t *r, ngx_voyo_slices_t *slices)
{
    ngx_log_t           *log;
    ngx_pool_t          *pool;
    ngx_http_request_t  *sr;

    if (r->http_version >= NGX_HTTP_VERSION_20) {
        /* a stream keeps chain links of each slice's pool (N11) */
        return;
    }

    sr = slices->request;

    if (sr != r) {

        if (!sr->done) {
            return;
        }

        if (!slices->kept) {
            slices->kept = 1;

            if (ngx_voyo_slice_keep_variables(r, sr) != NGX_OK) {
                return;
            }
        }
    }

    if (slices->passed == r->headers_out.content_length_n) {
        return;
    }

    log = r->connection->log;
    pool = ngx_voyo_slice_spare;

    ngx_voyo_slice_spare = NULL;

    if (pool == NULL) {
        pool = ngx_create_pool(NGX_VOYO_SLICE_POOL_SIZE, log);
        if (pool == NULL) {
            return;
        }
    }

    pool->log = log;

    slices->main = r->pool;
    slices->unused = pool->d.last;

    r->pool = pool;
}


ngx_int_t
ngx_voyo_slice_end(ngx_http_request_t *r, ngx_voyo_slices_t *slices)
{
    ngx_pool_t          *pool;
    ngx_http_request_t  *sr;
    ngx_pool_cleanup_t  *cln;

    if (slices->main == NULL) {
        return NGX_OK;
    }

    pool = r->pool;

    r->pool = slices->main;
    slices->main = NULL;

    if (pool->d.last == slices->unused && pool->large == NULL
        && ngx_voyo_slice_spare == NULL)
    {
        ngx_voyo_slice_spare = pool;
        return NGX_OK;
    }

    sr = ngx_voyo_slice_created(r, pool);

    if (sr && ngx_voyo_slice_over(r, slices)) {
        cln = slices->cleanup;
        cln->handler(cln->data);

    } else {
        cln = ngx_pool_cleanup_add(r->pool, 0);
        if (cln == NULL) {
            return NGX_ERROR;
        }

        cln->handler = ngx_voyo_slice_cleanup;
    }

    cln->data = pool;

    if (sr == NULL) {
        return NGX_OK;
    }

    slices->request = sr;
    slices->expected = 0;
    slices->received = 0;
    slices->kept = 0;
    slices->cleanup = cln;

    return ngx_voyo_slice_own_variables(sr);
}


static ngx_http_request_t *
ngx_voyo_slice_created(ngx_http_request_t *r, ngx_pool_t *pool)
{
    ngx_http_postponed_request_t  *pr;

    for (pr = r->postponed; pr; pr = pr->next) {
        if (pr->request && pr->request->pool == pool) {
            return pr->request;
        }
    }

    return NULL;
}


/* Nothing that is in use, or to be sent, is in the memory of the slice. */

static ngx_uint_t
ngx_voyo_slice_over(ngx_http_request_t *r, ngx_voyo_slices_t *slices)
{
    ngx_http_log_ctx_t         *ctx;
    ngx_http_posted_request_t  *pr;

    if (slices->cleanup == NULL) {
        return 0;
    }

    /*
     * the request and the next slice; one more may be the slice's, as an update
     * of the cache in the background
     */

    if (r->count > 2 || r->out) {
        return 0;
    }

    for (pr = r->posted_requests; pr; pr = pr->next) {
        if (pr->request == slices->request) {
            return 0;
        }
    }

    ctx = r->connection->log->data;

    if (ctx->current_request == slices->request) {
        ctx->current_request = r;
    }

    return 1;
}


/* The values of a slice's variables are in its memory. */

static ngx_int_t
ngx_voyo_slice_own_variables(ngx_http_request_t *sr)
{
    size_t                      size;
    ngx_http_core_main_conf_t  *cmcf;
    ngx_http_variable_value_t  *variables;

    cmcf = ngx_http_get_module_main_conf(sr, ngx_http_core_module);

    size = cmcf->variables.nelts * sizeof(ngx_http_variable_value_t);

    variables = ngx_palloc(sr->pool, size);
    if (variables == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(variables, sr->variables, size);
    sr->variables = variables;

    return NGX_OK;
}


/* As without variables of its own, what a slice has evaluated is kept. */

static ngx_int_t
ngx_voyo_slice_keep_variables(ngx_http_request_t *r, ngx_http_request_t *sr)
{
    u_char                     *data;
    ngx_uint_t                  i;
    ngx_http_core_main_conf_t  *cmcf;
    ngx_http_variable_value_t  *v, *own;

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    for (i = 0; i < cmcf->variables.nelts; i++) {
        v = &r->variables[i];
        own = &sr->variables[i];

        if (v->valid || v->not_found || !own->valid || own->no_cacheable) {
            continue;
        }

        data = ngx_pnalloc(r->pool, own->len);
        if (data == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(data, own->data, own->len);

        *v = *own;
        v->data = data;
    }

    return NGX_OK;
}


void
ngx_voyo_slice_etag(ngx_http_request_t *r, ngx_voyo_slices_t *slices)
{
    ngx_str_t  *etag;

    if (r->headers_out.etag == NULL) {
        return;
    }

    etag = &r->headers_out.etag->value;

    if (r == r->main) {
        slices->etag = *etag;

    } else if (etag->len == slices->etag.len
               && ngx_memcmp(etag->data, slices->etag.data, etag->len) == 0)
    {
        *etag = slices->etag;
    }
}


static void
ngx_voyo_slice_cleanup(void *data)
{
    ngx_destroy_pool(data);
}
