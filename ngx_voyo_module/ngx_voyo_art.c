
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_module.h"

#include "voyo_errno.h"


/*
 * The edge's part of a track's picture: the id is checked and put into its
 * one spelling, $voyo_track; nginx's proxy and cache do the rest.
 */

ngx_int_t
ngx_voyo_art_handler(ngx_http_request_t *r)
{
    ngx_str_t             value;
    ngx_voyo_ctx_t       *ctx;
    ngx_voyo_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    if (vlcf->art == NULL || r != r->main) {
        return NGX_DECLINED;
    }

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return ngx_voyo_problem(r, &ngx_voyo_problem_method);
    }

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_voyo_ctx_t));
    if (ctx == NULL) {
        return ngx_voyo_problem(r, &ngx_voyo_problem_memory);
    }

    ngx_http_set_ctx(r, ctx, ngx_voyo_module);

    ctx->track.data = ngx_pnalloc(r->pool, VOYO_TRACK_LEN + 1);

    if (ctx->track.data == NULL
        || ngx_http_complex_value(r, vlcf->art, &value) != NGX_OK)
    {
        return ngx_voyo_problem(r, &ngx_voyo_problem_memory);
    }

    if (voyo_track_parse((char *) ctx->track.data, (char *) value.data,
                         value.len)
        != VOYO_OK)
    {
        ctx->track.data = NULL;
        return ngx_voyo_problem(r, &ngx_voyo_problem_track);
    }

    ctx->track.len = VOYO_TRACK_LEN;

    return NGX_DECLINED;
}
