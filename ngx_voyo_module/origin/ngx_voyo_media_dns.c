
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_media_dns.h"
#include "ngx_voyo_park.h"


static void ngx_voyo_origin_resolved(ngx_resolver_ctx_t *ctx);
static void ngx_voyo_origin_set(ngx_voyo_origin_t *origin,
    struct sockaddr *sockaddr, socklen_t socklen);


ngx_int_t
ngx_voyo_media_dns(ngx_http_request_t *r, ngx_voyo_origin_t *origin)
{
    ngx_addr_t                 addr;
    ngx_resolver_ctx_t        *ctx, temp;
    ngx_http_core_loc_conf_t  *clcf;

    if (ngx_parse_addr(r->pool, &addr, origin->url.name.data,
                       origin->url.name.len)
        == NGX_OK)
    {
        ngx_voyo_origin_set(origin, addr.sockaddr, addr.socklen);
        goto found;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    temp.name = origin->url.name;

    ctx = ngx_resolve_start(clcf->resolver, &temp);

    if (ctx == NULL || ctx == NGX_NO_RESOLVER) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "no \"resolver\" to resolve media host \"%V\", "
                      "track \"%V\" is answered with 502",
                      &origin->url.name, &origin->track);
        origin->ctx.problem = ngx_voyo_problem_media;
        return NGX_DECLINED;
    }

    ctx->name = origin->url.name;
    ctx->handler = ngx_voyo_origin_resolved;
    ctx->data = origin;
    ctx->timeout = clcf->resolver_timeout;

    origin->resolving = ctx;
    origin->in_handler = 1;

    if (ngx_resolve_name(ctx) != NGX_OK) {
        origin->resolving = NULL;
        origin->ctx.problem = ngx_voyo_problem_media;
    }

    origin->in_handler = 0;

    if (origin->resolving) {

        if (ngx_voyo_park_request(r) == NGX_AGAIN) {
            return NGX_AGAIN;
        }

        ngx_resolve_name_done(origin->resolving);
        origin->resolving = NULL;

        return NGX_ERROR;
    }

found:

    return origin->ctx.problem.status ? NGX_DECLINED : NGX_OK;
}


static void
ngx_voyo_origin_resolved(ngx_resolver_ctx_t *ctx)
{
    ngx_uint_t             i;
    ngx_voyo_origin_t     *origin;
    ngx_voyo_main_conf_t  *vmcf;

    origin = ctx->data;
    origin->ctx.problem = ngx_voyo_problem_media;
    origin->lost = 1;

    if (ctx->state) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "media host \"%V\" of track \"%V\" not found, %s",
                      &ctx->name, &origin->track,
                      ngx_resolver_strerror(ctx->state));

    } else {

        vmcf = ngx_http_get_module_main_conf(origin->ctx.request,
                                             ngx_voyo_module);

        for (i = 0; i < ctx->naddrs && !origin->addressed; i++) {

            /* a URL is bound to the family too: G7 */

            if (vmcf->family == AF_UNSPEC
                || ctx->addrs[i].sockaddr->sa_family
                   == (sa_family_t) vmcf->family)
            {
                ngx_voyo_origin_set(origin, ctx->addrs[i].sockaddr,
                                    ctx->addrs[i].socklen);
            }
        }
    }

    ngx_resolve_name_done(ctx);
    origin->resolving = NULL;

    if (!origin->in_handler) {
        ngx_voyo_park_wake(origin->ctx.request);
    }
}


static void
ngx_voyo_origin_set(ngx_voyo_origin_t *origin, struct sockaddr *sockaddr,
    socklen_t socklen)
{
    uint32_t               mark;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(origin->ctx.request,
                                         ngx_voyo_module);

    if (!ngx_voyo_hosts_address(origin->host, vmcf->private, sockaddr)) {
        origin->ctx.problem = ngx_voyo_problem_host;
        origin->lost = origin->found;
        return;
    }

    origin->ctx.problem.status = 0;
    origin->lost = 0;

    ngx_memzero(&origin->sockaddr, sizeof(ngx_sockaddr_t));
    ngx_memcpy(&origin->sockaddr, sockaddr, socklen);
    origin->socklen = socklen;

    ngx_inet_set_port(&origin->sockaddr.sockaddr, origin->url.port);

    /*
     * keep-alive connections are pooled by address only: a hash of scheme and
     * name in bytes that connect() ignores keeps connections that were verified
     * for another host from being used (docs/upstream.md, N23), and gives a
     * retry a new one
     */

    ngx_crc32_init(mark);
    ngx_crc32_update(&mark, origin->url.scheme.data, origin->url.scheme.len);
    ngx_crc32_update(&mark, origin->url.host.data, origin->url.host.len);
    ngx_crc32_final(mark);

    mark += origin->retries;

    switch (sockaddr->sa_family) {

#if (NGX_HAVE_INET6)
    case AF_INET6:
        /* used by link-local addresses only, which are refused */

        origin->sockaddr.sockaddr_in6.sin6_scope_id = mark;
        break;
#endif

    default:
        ngx_memcpy(origin->sockaddr.sockaddr_in.sin_zero, &mark,
                   sizeof(uint32_t));
    }

    origin->addressed = 1;
}
