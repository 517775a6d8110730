
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_edge_ctx.h"

#include "voyo_errno.h"


static ngx_uint_t ngx_voyo_edge_matches(ngx_http_core_loc_conf_t *clcf,
    ngx_str_t *uri);
static void ngx_voyo_edge_leave(void *data);


void
ngx_voyo_edge_enter(ngx_http_request_t *r, ngx_voyo_edge_t *edge)
{
    ngx_voyo_loc_conf_t  *vlcf;

    if (edge == NULL) {
        edge = ngx_voyo_ctx_create(r, NGX_VOYO_EDGE, sizeof(ngx_voyo_edge_t),
                                   ngx_voyo_edge_leave);
        if (edge == NULL) {
            return;
        }
    }

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    edge->fill = vlcf->fill;
    edge->info = !vlcf->stream;
    edge->loc_conf = r->loc_conf;
    edge->uri = r->uri;
}


void **
ngx_voyo_edge_location(ngx_http_request_t *r, ngx_str_t *uri)
{
    ngx_uint_t                  i;
    ngx_voyo_edge_t            *edge;
    ngx_voyo_loc_conf_t        *vlcf;
    ngx_http_core_loc_conf_t   *clcf, **location;
    ngx_http_core_srv_conf_t   *cscf;

    *uri = r->main->uri;

    vlcf = ngx_http_get_module_loc_conf(r->main, ngx_voyo_module);
    clcf = ngx_http_get_module_loc_conf(r->main, ngx_http_core_module);

    if (vlcf->id) {
        return r->main->loc_conf;
    }

    edge = ngx_voyo_ctx_get(r, NGX_VOYO_EDGE);

    if (edge && (edge->begun || clcf->named || r->main->err_status)) {

        /* error_page to a named location keeps the URI */

        if (!clcf->named) {
            *uri = edge->uri;
        }

        return edge->loc_conf;
    }

    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);
    vlcf = cscf->ctx->loc_conf[ngx_voyo_module.ctx_index];

    clcf = NULL;

    for (i = 0; vlcf->locations && i < vlcf->locations->nelts; i++) {
        location = vlcf->locations->elts;
        location += i;

        if ((clcf == NULL || (*location)->name.len > clcf->name.len)
            && ngx_voyo_edge_matches(*location, uri))
        {
            clcf = *location;
        }
    }

    if (clcf) {
        return clcf->loc_conf;
    }

    *uri = r->uri;

    return r->loc_conf;
}


static ngx_uint_t
ngx_voyo_edge_matches(ngx_http_core_loc_conf_t *clcf, ngx_str_t *uri)
{
    return (clcf->exact_match ? uri->len == clcf->name.len
                              : uri->len >= clcf->name.len)
           && ngx_strncmp(uri->data, clcf->name.data, clcf->name.len) == 0;
}


const char *
ngx_voyo_edge_problem(ngx_http_request_t *r, ngx_voyo_edge_t *edge)
{
    ngx_uint_t          status;
    ngx_voyo_problem_t  problem;

    if (edge->ctx.problem.status) {
        return edge->ctx.problem.code;
    }

    status = r->err_status ? r->err_status : r->headers_out.status;

    if (edge->begun || status < NGX_HTTP_BAD_REQUEST) {
        return "";
    }

    ngx_voyo_problem_refusal(&problem, status);

    return problem.code;
}


const ngx_voyo_problem_t *
ngx_voyo_edge_track(ngx_http_request_t *r, ngx_voyo_edge_t *edge)
{
    ngx_str_t             value;
    ngx_voyo_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    if (ngx_http_complex_value(r, vlcf->id, &value) != NGX_OK) {
        return &ngx_voyo_problem_memory;
    }

    if (voyo_track_parse(edge->id, (char *) value.data, value.len) != VOYO_OK)
    {
        return &ngx_voyo_problem_track;
    }

    edge->track.data = (u_char *) edge->id;
    edge->track.len = VOYO_TRACK_LEN;

    return NULL;
}


ngx_uint_t
ngx_voyo_edge_taken(ngx_voyo_edge_t *edge)
{
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(edge->ctx.request, ngx_voyo_module);

    return ngx_voyo_taken(vmcf->shm_zone, edge->track.data,
                          edge->ctx.generation, &edge->ctx.takedowns);
}


static void
ngx_voyo_edge_leave(void *data)
{
    ngx_voyo_edge_t       *edge = data;
    ngx_voyo_main_conf_t  *vmcf;

    if (edge->listeners) {
        (*edge->listeners)--;
    }

    ngx_voyo_fill_unwatch(&edge->watch);
    ngx_voyo_follow_leave(&edge->follow);

    if (edge->ahead.asked) {

        /* there is no client any more to read ahead for */

        vmcf = ngx_http_get_module_main_conf(edge->ctx.request,
                                             ngx_voyo_module);

        ngx_voyo_fill_leave(vmcf->fills, edge->ctx.request->connection);
    }
}
