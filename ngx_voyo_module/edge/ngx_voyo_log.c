
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_counters.h"
#include "ngx_voyo_edge_ctx.h"
#include "ngx_voyo_log.h"


static void ngx_voyo_log_fill(ngx_shm_zone_t *zone, const char *problem);


ngx_int_t
ngx_voyo_log_handler(ngx_http_request_t *r)
{
    ngx_uint_t             hit, status;
    ngx_shm_zone_t        *zone;
    ngx_voyo_edge_t       *edge;
    ngx_http_upstream_t   *u;
    ngx_voyo_counters_t   *counters;
    ngx_voyo_main_conf_t  *vmcf;

    edge = ngx_voyo_ctx_get(r, NGX_VOYO_EDGE);

    if (edge == NULL) {
        return NGX_OK;
    }

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);
    zone = vmcf->shm_zone;

    if (edge->fill) {
        ngx_voyo_log_fill(zone, ngx_voyo_edge_problem(r, edge));
        return NGX_OK;
    }

    counters = ngx_voyo_counters(zone);

    status = r->err_status ? r->err_status : r->headers_out.status;

    ngx_voyo_count_response(zone, edge->info, status,
                            ngx_voyo_edge_problem(r, edge));

    ngx_voyo_count_add(zone, NGX_VOYO_SENT_BYTES, r->connection->sent);

    if (edge->ctx.waited && !edge->warm && !edge->info) {
        ngx_voyo_count_time(&counters->resolve, edge->ctx.waited);
    }

    if (edge->info || r->method != NGX_HTTP_GET
        || (status != NGX_HTTP_OK && status != NGX_HTTP_PARTIAL_CONTENT))
    {
        return NGX_OK;
    }

    u = r->upstream;
    hit = (u && u->cache_status == NGX_HTTP_CACHE_HIT);

    ngx_voyo_count(zone, NGX_VOYO_PLAYS
                         + (edge->quality * 2 + edge->codec) * 2 + hit);
    ngx_voyo_count_time(&counters->first_byte[hit], edge->ctx.first_byte);

    return NGX_OK;
}


static void
ngx_voyo_log_fill(ngx_shm_zone_t *zone, const char *problem)
{
    if (ngx_strcmp(problem, "budget") == 0) {
        ngx_voyo_count(zone, NGX_VOYO_FILLS_BUDGET);

    } else if (ngx_strcmp(problem, "too_many_requests") == 0) {
        ngx_voyo_count(zone, NGX_VOYO_FILLS_LIMIT);
    }
}
