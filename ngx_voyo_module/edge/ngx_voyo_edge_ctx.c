
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_edge_ctx.h"

#include "voyo_errno.h"


static void ngx_voyo_edge_leave(void *data);


ngx_voyo_edge_t *
ngx_voyo_edge_create(ngx_http_request_t *r)
{
    ngx_voyo_edge_t      *edge;
    ngx_voyo_loc_conf_t  *vlcf;

    edge = ngx_voyo_ctx_create(r, NGX_VOYO_EDGE, sizeof(ngx_voyo_edge_t),
                               ngx_voyo_edge_leave);

    if (edge) {
        vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);
        edge->fill = vlcf->fill;
        edge->info = !vlcf->stream;
    }

    return edge;
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


static void
ngx_voyo_edge_leave(void *data)
{
    ngx_voyo_edge_t       *edge = data;
    ngx_voyo_main_conf_t  *vmcf;

    ngx_voyo_fill_unwatch(&edge->watch);
    ngx_voyo_follow_leave(&edge->follow);

    if (edge->ahead.asked) {

        /* there is no client any more to read ahead for */

        vmcf = ngx_http_get_module_main_conf(edge->ctx.request,
                                             ngx_voyo_module);

        ngx_voyo_fill_leave(vmcf->fills, edge->ctx.request->connection);
    }
}
