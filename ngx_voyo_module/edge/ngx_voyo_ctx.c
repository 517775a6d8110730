
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_ctx.h"

#include "voyo_errno.h"


static void ngx_voyo_ctx_cleanup(void *data);


ngx_voyo_ctx_t *
ngx_voyo_ctx_get(ngx_http_request_t *r)
{
    ngx_voyo_ctx_t       *ctx;
    ngx_pool_cleanup_t   *cln;
    ngx_voyo_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r->main, ngx_voyo_module);

    if (vlcf->id == NULL && !vlcf->again) {
        return NULL;
    }

    /* a slice's subrequest has no context of its own */

    ctx = ngx_http_get_module_ctx(r->main, ngx_voyo_module);

    if (ctx) {
        return ctx;
    }

    for (cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_voyo_ctx_cleanup) {
            return cln->data;
        }
    }

    return NULL;
}


ngx_voyo_ctx_t *
ngx_voyo_ctx_create(ngx_http_request_t *r)
{
    ngx_voyo_ctx_t      *ctx;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_voyo_ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    ctx = cln->data;
    ngx_memzero(ctx, sizeof(ngx_voyo_ctx_t));

    ctx->request = r;

    cln->handler = ngx_voyo_ctx_cleanup;

    ngx_http_set_ctx(r, ctx, ngx_voyo_module);

    return ctx;
}


const ngx_voyo_problem_t *
ngx_voyo_ctx_track(ngx_http_request_t *r, ngx_voyo_ctx_t *ctx)
{
    ngx_str_t             value;
    ngx_voyo_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    if (ngx_http_complex_value(r, vlcf->id, &value) != NGX_OK) {
        return &ngx_voyo_problem_memory;
    }

    if (voyo_track_parse(ctx->id, (char *) value.data, value.len) != VOYO_OK) {
        return &ngx_voyo_problem_track;
    }

    ctx->track.data = (u_char *) ctx->id;
    ctx->track.len = VOYO_TRACK_LEN;

    return NULL;
}


static void
ngx_voyo_ctx_cleanup(void *data)
{
    ngx_voyo_ctx_t        *ctx = data;
    ngx_voyo_main_conf_t  *vmcf;

    ngx_voyo_fill_unwatch(&ctx->watch);
    ngx_voyo_follow_leave(&ctx->follow);

    if (ctx->ahead.asked) {

        /* nobody is left for whom to read ahead */

        vmcf = ngx_http_get_module_main_conf(ctx->request, ngx_voyo_module);

        ngx_voyo_fill_leave(vmcf->fills, ctx->request->connection);
    }

    if (ctx->timer.timer_set) {
        ngx_del_timer(&ctx->timer);
    }
}
