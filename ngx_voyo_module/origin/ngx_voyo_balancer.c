
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_balancer.h"
#include "ngx_voyo_check.h"
#include "ngx_voyo_counters.h"
#include "ngx_voyo_origin_ctx.h"
#include "ngx_voyo_repair.h"
#include "ngx_voyo_zone.h"

#include "voyo_format.h"


static ngx_int_t ngx_voyo_balancer_init_peer(ngx_http_request_t *r,
    ngx_http_upstream_srv_conf_t *us);
static ngx_int_t ngx_voyo_balancer_get_peer(ngx_peer_connection_t *pc,
    void *data);
static void ngx_voyo_balancer_free_peer(ngx_peer_connection_t *pc, void *data,
    ngx_uint_t state);
#if (NGX_HTTP_SSL)
static ngx_int_t ngx_voyo_balancer_set_session(ngx_peer_connection_t *pc,
    void *data);
static void ngx_voyo_balancer_save_session(ngx_peer_connection_t *pc,
    void *data);
#endif
static ngx_int_t ngx_voyo_balancer_process_header(ngx_http_request_t *r);
static ngx_int_t ngx_voyo_balancer_reinit_request(ngx_http_request_t *r);


static ngx_int_t
ngx_voyo_balancer_init_peer(ngx_http_request_t *r,
    ngx_http_upstream_srv_conf_t *us)
{
    ngx_voyo_origin_t    *origin;
    ngx_http_upstream_t  *u;

    u = r->upstream;
    origin = ngx_voyo_ctx_get(r, NGX_VOYO_ORIGIN);

    if (origin == NULL || !origin->addressed) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "\"voyo_media\" is used without \"voyo_origin\"");
        return NGX_ERROR;
    }

#if (angie_version)
    /* its keepalive finds the request there (docs/upstream.md, N42) */
    u->peer.ctx = r;
#endif

    u->peer.data = origin;
    u->peer.get = ngx_voyo_balancer_get_peer;
    u->peer.free = ngx_voyo_balancer_free_peer;
    u->peer.tries = 1;

#if (NGX_HTTP_SSL)
    u->peer.set_session = ngx_voyo_balancer_set_session;
    u->peer.save_session = ngx_voyo_balancer_save_session;
#endif

    /* the response is checked before nginx processes it */

    origin->process_header = u->process_header;
    origin->reinit_request = u->reinit_request;
    u->process_header = ngx_voyo_balancer_process_header;
    u->reinit_request = ngx_voyo_balancer_reinit_request;

    return NGX_OK;
}


static ngx_int_t
ngx_voyo_balancer_get_peer(ngx_peer_connection_t *pc, void *data)
{
    ngx_voyo_origin_t  *origin = data;

    pc->sockaddr = &origin->sockaddr.sockaddr;
    pc->socklen = origin->socklen;
    pc->name = &origin->url.host;
    pc->cached = 0;
    pc->connection = NULL;

    return NGX_OK;
}


static void
ngx_voyo_balancer_free_peer(ngx_peer_connection_t *pc, void *data,
    ngx_uint_t state)
{
    if (pc->tries) {
        pc->tries--;
    }
}


#if (NGX_HTTP_SSL)

/*
 * Sessions are not reused, since with TLS 1.3 that saves no round trip; without
 * these functions nginx would call null pointers (docs/upstream.md, N22).
 */

static ngx_int_t
ngx_voyo_balancer_set_session(ngx_peer_connection_t *pc, void *data)
{
    return NGX_OK;
}


static void
ngx_voyo_balancer_save_session(ngx_peer_connection_t *pc, void *data)
{
    /* void */
}

#endif


static ngx_int_t
ngx_voyo_balancer_process_header(ngx_http_request_t *r)
{
    ngx_int_t              rc;
    ngx_str_t             *type;
    ngx_uint_t             version;
    const char            *reason;
    ngx_voyo_origin_t     *origin;
    ngx_http_upstream_t   *u;
    ngx_voyo_main_conf_t  *vmcf;

    u = r->upstream;
    origin = ngx_voyo_ctx_get(r, NGX_VOYO_ORIGIN);

    /* nginx takes garbage for HTTP/0.9, and would respond with that version */

    version = r->http_version;

    u->process_header = origin->process_header;
    rc = u->process_header(r);
    origin->process_header = u->process_header;
    u->process_header = ngx_voyo_balancer_process_header;

    r->http_version = version;

    if (rc != NGX_OK || ngx_voyo_repair_knows(u->headers_in.status_n)) {
        return rc;
    }

    reason = ngx_voyo_check(u, origin);

    if (reason) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "media host \"%V\" sent %s for bytes %O-%O of \"%V\", "
                      "status %ui, it is not used", &origin->url.host, reason,
                      origin->start, origin->last, &origin->representation,
                      u->headers_in.status_n);

        /* nginx's error_page does the rest */

        u->headers_in.status_n = NGX_HTTP_BAD_GATEWAY;
        u->keepalive = 0;

        return NGX_OK;
    }

    ngx_voyo_check_hide(u);

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);
    ngx_voyo_counters_fetched(vmcf->shm_zone, NULL);

    if (origin->found) {

        /* so that the next slices need no redirect */

        ngx_voyo_zone_found(vmcf->shm_zone, &origin->track,
                            &origin->representation, &origin->source);
        origin->found = 0;
    }

    type = &u->headers_in.content_type->value;
    type->data = (u_char *) voyo_codec_type(origin->source.codec);
    type->len = ngx_strlen(type->data);

    return NGX_OK;
}


static ngx_int_t
ngx_voyo_balancer_reinit_request(ngx_http_request_t *r)
{
    ngx_int_t             rc;
    ngx_voyo_origin_t    *origin;
    ngx_http_upstream_t  *u;

    u = r->upstream;
    origin = ngx_voyo_ctx_get(r, NGX_VOYO_ORIGIN);

    rc = origin->reinit_request(r);

    /* for a retry the proxy sets its own handler */

    origin->process_header = u->process_header;
    u->process_header = ngx_voyo_balancer_process_header;

    return rc;
}


ngx_int_t
ngx_voyo_balancer_init(ngx_conf_t *cf, ngx_http_upstream_srv_conf_t *us)
{
    us->peer.init = ngx_voyo_balancer_init_peer;

    return NGX_OK;
}
