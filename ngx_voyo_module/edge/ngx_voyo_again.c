
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_again.h"
#include "ngx_voyo_edge_ctx.h"


static ngx_int_t ngx_voyo_again_refused(ngx_http_request_t *r,
    ngx_voyo_edge_t *edge);


ngx_int_t
ngx_voyo_again_handler(ngx_http_request_t *r)
{
    ngx_voyo_edge_t           *edge;
    ngx_voyo_loc_conf_t       *vlcf;
    ngx_http_core_loc_conf_t  *clcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    if ((vlcf->id == NULL && !vlcf->again) || r != r->main) {
        return NGX_DECLINED;
    }

    edge = ngx_voyo_ctx_get(r, NGX_VOYO_EDGE);

    if (edge && edge->begun) {
        return NGX_DECLINED;
    }

    if (vlcf->again) {
        return ngx_voyo_again_refused(r, edge);
    }

    /* it has been in such a location, where it was refused or rewritten */

    if (edge) {
        clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

        if (clcf->named || r->err_status) {
            return ngx_voyo_again_refused(r, edge);
        }
    }

    ngx_voyo_edge_enter(r, edge);

    return NGX_DECLINED;
}


static ngx_int_t
ngx_voyo_again_refused(ngx_http_request_t *r, ngx_voyo_edge_t *edge)
{
    ngx_uint_t          status;
    ngx_voyo_problem_t  problem;

    /* "error_page 403 = @again" has cleared the status */

    status = r->err_status ? r->err_status : NGX_HTTP_FORBIDDEN;
    r->err_status = 0;

    ngx_voyo_problem_refusal(&problem, status);

    if (edge) {
        edge->ctx.problem = problem;
    }

    return ngx_voyo_problem_send(r, &problem);
}
