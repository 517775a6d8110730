
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_art.h"
#include "ngx_voyo_ctx.h"


/*
 * The edge's part of a track's picture: the id is checked and put into its
 * one spelling, $voyo_track; nginx's proxy and cache do the rest.
 */

ngx_int_t
ngx_voyo_art_handler(ngx_http_request_t *r)
{
    ngx_voyo_ctx_t            *ctx;
    const ngx_voyo_problem_t  *problem;

    if (r != r->main) {
        return NGX_DECLINED;
    }

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return ngx_voyo_problem(r, &ngx_voyo_problem_method);
    }

    ctx = ngx_voyo_ctx_create(r);
    if (ctx == NULL) {
        return ngx_voyo_problem(r, &ngx_voyo_problem_memory);
    }

    problem = ngx_voyo_ctx_track(r, ctx);

    return problem ? ngx_voyo_problem(r, problem) : NGX_DECLINED;
}
