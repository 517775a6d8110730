
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_origin_ctx.h"


static void ngx_voyo_origin_cleanup(void *data);


ngx_voyo_origin_t *
ngx_voyo_origin_get(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t  *cln;

    for (cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_voyo_origin_cleanup) {
            return cln->data;
        }
    }

    return NULL;
}


ngx_voyo_origin_t *
ngx_voyo_origin_create(ngx_http_request_t *r)
{
    ngx_voyo_origin_t   *origin;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_voyo_origin_t));
    if (cln == NULL) {
        return NULL;
    }

    origin = cln->data;
    ngx_memzero(origin, sizeof(ngx_voyo_origin_t));

    origin->request = r;

    cln->handler = ngx_voyo_origin_cleanup;

    return origin;
}


static void
ngx_voyo_origin_cleanup(void *data)
{
    ngx_voyo_origin_t  *origin;

    origin = data;

    if (origin->resolving) {
        ngx_resolve_name_done(origin->resolving);
    }

    if (origin->timer.timer_set) {
        ngx_del_timer(&origin->timer);
    }
}
