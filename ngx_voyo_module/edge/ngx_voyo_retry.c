
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_answer.h"
#include "ngx_voyo_counters.h"
#include "ngx_voyo_park.h"
#include "ngx_voyo_request_id.h"
#include "ngx_voyo_retry.h"


#define NGX_VOYO_RETRY_PAUSE  1000       /* ms, the first half as long */


static void ngx_voyo_retry_timer(ngx_event_t *ev);


extern ngx_module_t  ngx_http_slice_filter_module;


ngx_int_t
ngx_voyo_retry(ngx_http_request_t *r, ngx_voyo_edge_t *edge,
    ngx_voyo_problem_t *problem)
{
    ngx_str_t              id;
    ngx_msec_t             started, elapsed;
    ngx_voyo_loc_conf_t   *vlcf;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);
    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    started = (ngx_msec_t) (r->start_sec * 1000 + r->start_msec);

    if (edge->retry.started != started) {
        edge->retry.started = started;
        edge->retry.began = ngx_current_msec;
    }

    elapsed = ngx_current_msec - edge->retry.began;

    if (r == r->main && !edge->ctx.sent) {
        (void) ngx_voyo_answer(r);

        if (!r->header_sent || r->header_only) {
            return NGX_ERROR;
        }

        edge->ctx.sent = 1;
    }

    if (problem->retry_after == 0 || elapsed >= vlcf->retry_timeout) {
        id = ngx_voyo_request_id(r);

        ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                      "bytes %O-%O of \"%V\" cannot be fetched, %s, the "
                      "connection is closed, request %V", edge->start,
                      edge->last, &edge->representation, problem->code, &id);

        ngx_voyo_count(vmcf->shm_zone, ngx_voyo_edge_taken(edge)
                                       ? NGX_VOYO_CUT_TAKEDOWN
                                       : r == r->main ? NGX_VOYO_CUT_RESUME
                                       : NGX_VOYO_CUT_SOURCE);

        edge->ctx.problem = *problem;
        r->headers_out.status = NGX_HTTP_PARTIAL_CONTENT;

        return NGX_ERROR;
    }

    if (r == r->main) {

        /* as if it had not been sent; the guard drops that of the retry */

        ngx_http_clean_header(r);
        r->header_sent = 0;

    } else {

        /* the context of all slices, which the redirect cleared, see N1 */

        ngx_http_set_ctx(r, ngx_http_get_module_ctx(r->main,
                                                ngx_http_slice_filter_module),
                         ngx_http_slice_filter_module);
    }

    /* each attempt may end in one redirect more */

    r->uri_changes = NGX_HTTP_MAX_URI_CHANGES + 1;

    edge->ctx.timer.handler = ngx_voyo_retry_timer;
    edge->ctx.timer.data = r;
    edge->ctx.timer.log = r->connection->log;

    ngx_add_timer(&edge->ctx.timer,
                  elapsed ? NGX_VOYO_RETRY_PAUSE : NGX_VOYO_RETRY_PAUSE / 2);

    ngx_voyo_count(vmcf->shm_zone, NGX_VOYO_RETRY);

    edge->retry.due = 1;

    return ngx_voyo_park_request(r);
}


static void
ngx_voyo_retry_timer(ngx_event_t *ev)
{
    ngx_voyo_park_wake(ev->data);
}
