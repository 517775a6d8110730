
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_ctx.h"


static void ngx_voyo_ctx_cleanup(void *data);


void *
ngx_voyo_ctx_get(ngx_http_request_t *r, ngx_voyo_part_e part)
{
    ngx_voyo_ctx_t      *ctx;
    ngx_pool_cleanup_t  *cln;

    ctx = ngx_http_get_module_ctx(r->main, ngx_voyo_module);

    if (ctx && ctx->part == part) {
        return ctx;
    }

    for (cln = r->main->pool->cleanup; cln; cln = cln->next) {

        ctx = cln->data;

        if (cln->handler == ngx_voyo_ctx_cleanup && ctx->part == part) {
            return ctx;
        }
    }

    return NULL;
}


void *
ngx_voyo_ctx_create(ngx_http_request_t *r, ngx_voyo_part_e part, size_t size,
    ngx_pool_cleanup_pt leave)
{
    ngx_voyo_ctx_t      *ctx;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(r->pool, size);
    if (cln == NULL) {
        return NULL;
    }

    ctx = cln->data;
    ngx_memzero(ctx, size);

    ctx->part = part;
    ctx->request = r;
    ctx->leave = leave;

    cln->handler = ngx_voyo_ctx_cleanup;

    ngx_http_set_ctx(r, ctx, ngx_voyo_module);

    return ctx;
}


static void
ngx_voyo_ctx_cleanup(void *data)
{
    ngx_voyo_ctx_t  *ctx = data;

    ctx->leave(ctx);

    if (ctx->timer.timer_set) {
        ngx_del_timer(&ctx->timer);
    }
}
