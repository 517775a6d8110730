
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_counters.h"
#include "ngx_voyo_repair.h"
#include "ngx_voyo_request_id.h"
#include "ngx_voyo_source.h"

#include "voyo_record.h"


/*
 * With the first attempt and the renewals there are at most 9 attempts, and 8
 * internal redirects: nginx allows 10 (docs/upstream.md, N21), and 10 more for
 * each rest of a body that broke off.
 */

#define NGX_VOYO_HOPS        4
#define NGX_VOYO_RETRIES     1
#define NGX_VOYO_RESTS       8


static ngx_uint_t ngx_voyo_repair_late(ngx_http_request_t *r,
    ngx_voyo_origin_t *origin);
static ngx_int_t ngx_voyo_repair_follow(ngx_http_request_t *r,
    ngx_voyo_origin_t *origin);
static ngx_int_t ngx_voyo_repair_go(ngx_http_request_t *r,
    ngx_voyo_origin_t *origin, ngx_str_t *text, ngx_voyo_counter_e kind);
static ngx_int_t ngx_voyo_repair_retry(ngx_http_request_t *r,
    ngx_voyo_origin_t *origin);


ngx_int_t
ngx_voyo_repair(ngx_http_request_t *r, ngx_voyo_origin_t *origin)
{
    ngx_int_t   rc;
    ngx_str_t   id;
    ngx_uint_t  status;

    id = ngx_voyo_request_id(r);
    status = r->upstream ? r->upstream->headers_in.status_n : 0;

    /* the only message: nginx's own would contain the URL */

    ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                  "media host \"%V\" answered %ui to bytes %O-%O of \"%V\", "
                  "attempt %ui, request %V", &origin->url.host, status,
                  origin->start, origin->last, &origin->representation,
                  origin->attempts, &id);

    switch (status) {

    case 0:
        rc = ngx_voyo_repair_late(r, origin) ? NGX_DECLINED
                                             : ngx_voyo_repair_retry(r, origin);
        break;

    case NGX_HTTP_MOVED_PERMANENTLY:
    case NGX_HTTP_MOVED_TEMPORARILY:
    case NGX_HTTP_SEE_OTHER:
    case NGX_HTTP_TEMPORARY_REDIRECT:
    case NGX_HTTP_PERMANENT_REDIRECT:
        rc = ngx_voyo_repair_follow(r, origin);
        break;

    case NGX_HTTP_FORBIDDEN:
    case NGX_HTTP_NOT_FOUND:
    case NGX_VOYO_GONE:
        rc = ngx_voyo_source_renew(r, origin, NGX_VOYO_REFRESH_EARLY);
        break;

    default:
        rc = ngx_voyo_repair_retry(r, origin);
    }

    if (rc != NGX_OK && origin->ctx.problem.status == 0) {
        origin->ctx.problem = ngx_voyo_problem_media;
    }

    if (rc != NGX_OK) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "gave up on bytes %O-%O of \"%V\" after %ui attempts, "
                      "the last was answered %ui, request %V", origin->start,
                      origin->last, &origin->representation,
                      origin->attempts, status, &id);
    }

    return rc;
}


void
ngx_voyo_repair_lost(ngx_http_request_t *r, ngx_voyo_origin_t *origin)
{
    ngx_voyo_problem_t  problem;

    problem = origin->ctx.problem;

    origin->lost = 0;
    origin->ctx.problem.status = 0;

    if (ngx_voyo_repair_retry(r, origin) != NGX_OK) {
        origin->ctx.problem = problem;
    }
}


ngx_uint_t
ngx_voyo_repair_knows(ngx_uint_t status)
{
    switch (status) {

    case NGX_HTTP_MOVED_PERMANENTLY:
    case NGX_HTTP_MOVED_TEMPORARILY:
    case NGX_HTTP_SEE_OTHER:
    case NGX_HTTP_TEMPORARY_REDIRECT:
    case NGX_HTTP_PERMANENT_REDIRECT:
    case NGX_HTTP_FORBIDDEN:
    case NGX_HTTP_NOT_FOUND:
    case NGX_VOYO_GONE:
        return 1;

    default:
        return 0;
    }
}


/* Whether bodies break off again and again: once is always repaired. */

static ngx_uint_t
ngx_voyo_repair_late(ngx_http_request_t *r, ngx_voyo_origin_t *origin)
{
    ngx_voyo_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    return origin->rests > NGX_VOYO_RESTS
           || (origin->rests > 1
               && ngx_current_msec - origin->broken >= vlcf->retry_timeout);
}


static ngx_int_t
ngx_voyo_repair_follow(ngx_http_request_t *r, ngx_voyo_origin_t *origin)
{
    ngx_str_t              text;
    ngx_table_elt_t       *location;
    ngx_voyo_media_url_t   url;

    location = r->upstream->headers_in.location;

    if (location == NULL || location->value.len > VOYO_URL_MAX
        || origin->hops >= NGX_VOYO_HOPS)
    {
        return ngx_voyo_source_renew(r, origin, NGX_VOYO_REFRESH_OTHER);
    }

    /* the next response reuses the header's memory */

    text.len = location->value.len;
    text.data = ngx_pstrdup(r->pool, &location->value);
    if (text.data == NULL) {
        return NGX_ERROR;
    }

    if (ngx_voyo_media_url_parse(&url, &text) != NGX_OK) {

        /* relative: media hosts do not send such */

        return ngx_voyo_source_renew(r, origin, NGX_VOYO_REFRESH_OTHER);
    }

    origin->hops++;

    return ngx_voyo_repair_go(r, origin, &text, NGX_VOYO_REPAIR_REDIRECT);
}


/* If the host is not allowed, a newer URL may name another. */

static ngx_int_t
ngx_voyo_repair_go(ngx_http_request_t *r, ngx_voyo_origin_t *origin,
    ngx_str_t *text, ngx_voyo_counter_e kind)
{
    ngx_int_t              rc;
    ngx_voyo_problem_t     problem;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);
    ngx_voyo_count(vmcf->shm_zone, kind);

    origin->source.url = *text;
    origin->found = 1;

    if (ngx_voyo_source_use(r, origin) == NGX_OK) {
        return NGX_OK;
    }

    problem = origin->ctx.problem;
    origin->ctx.problem.status = 0;

    rc = ngx_voyo_source_renew(r, origin, NGX_VOYO_REFRESH_OTHER);

    if (rc != NGX_OK) {
        origin->ctx.problem = problem;
    }

    return rc;
}


/* One retry on a new connection, one at the other host, then a newer URL. */

static ngx_int_t
ngx_voyo_repair_retry(ngx_http_request_t *r, ngx_voyo_origin_t *origin)
{
    ngx_str_t              text;
    ngx_voyo_main_conf_t  *vmcf;

    if (origin->retries < NGX_VOYO_RETRIES) {
        vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);
        ngx_voyo_count(vmcf->shm_zone, NGX_VOYO_REPAIR_CONNECTION);

        origin->retries++;
        origin->addressed = 0;

        return NGX_OK;
    }

    if (!origin->moved) {
        origin->moved = 1;

        if (ngx_voyo_media_url_other(&origin->source.url, &origin->url,
                                     r->pool, &text)
            == NGX_OK)
        {
            return ngx_voyo_repair_go(r, origin, &text, NGX_VOYO_REPAIR_HOST);
        }
    }

    return ngx_voyo_source_renew(r, origin, NGX_VOYO_REFRESH_OTHER);
}
