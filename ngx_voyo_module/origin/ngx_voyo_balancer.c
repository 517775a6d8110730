
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_header.h"
#include "ngx_voyo_origin.h"
#include "ngx_voyo_repair.h"


#define NGX_VOYO_ART_MAX  (5 * 1024 * 1024)    /* bytes */


typedef struct {
    ngx_http_request_t   *request;
    ngx_voyo_origin_t    *origin;
} ngx_voyo_peer_t;


static ngx_int_t ngx_voyo_media_init(ngx_conf_t *cf,
    ngx_http_upstream_srv_conf_t *us);
static ngx_int_t ngx_voyo_media_init_peer(ngx_http_request_t *r,
    ngx_http_upstream_srv_conf_t *us);
static ngx_int_t ngx_voyo_media_get_peer(ngx_peer_connection_t *pc,
    void *data);
static void ngx_voyo_media_free_peer(ngx_peer_connection_t *pc, void *data,
    ngx_uint_t state);
#if (NGX_HTTP_SSL)
static ngx_int_t ngx_voyo_media_set_session(ngx_peer_connection_t *pc,
    void *data);
static void ngx_voyo_media_save_session(ngx_peer_connection_t *pc,
    void *data);
#endif
static ngx_int_t ngx_voyo_media_process_header(ngx_http_request_t *r);
static ngx_int_t ngx_voyo_media_reinit_request(ngx_http_request_t *r);
static const char *ngx_voyo_media_check(ngx_http_request_t *r,
    ngx_voyo_origin_t *origin);
static const char *ngx_voyo_media_check_art(ngx_http_upstream_t *u);
static void ngx_voyo_media_hide(ngx_http_upstream_t *u);
static ngx_int_t ngx_voyo_media_content_range(ngx_str_t *value,
    ngx_voyo_origin_t *origin);


static ngx_int_t
ngx_voyo_media_init_peer(ngx_http_request_t *r,
    ngx_http_upstream_srv_conf_t *us)
{
    ngx_voyo_peer_t      *peer;
    ngx_voyo_origin_t    *origin;
    ngx_http_upstream_t  *u;

    u = r->upstream;
    origin = ngx_voyo_origin_get(r);

    if (origin == NULL || !origin->addressed) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "\"voyo_media\" is used without \"voyo_origin\"");
        return NGX_ERROR;
    }

    peer = ngx_palloc(r->pool, sizeof(ngx_voyo_peer_t));
    if (peer == NULL) {
        return NGX_ERROR;
    }

    peer->request = r;
    peer->origin = origin;

    u->peer.data = peer;
    u->peer.get = ngx_voyo_media_get_peer;
    u->peer.free = ngx_voyo_media_free_peer;
    u->peer.tries = 1;

#if (NGX_HTTP_SSL)
    u->peer.set_session = ngx_voyo_media_set_session;
    u->peer.save_session = ngx_voyo_media_save_session;
#endif

    /* the answer is looked at before nginx decides about it */

    origin->process_header = u->process_header;
    origin->reinit_request = u->reinit_request;
    u->process_header = ngx_voyo_media_process_header;
    u->reinit_request = ngx_voyo_media_reinit_request;

    return NGX_OK;
}


static ngx_int_t
ngx_voyo_media_get_peer(ngx_peer_connection_t *pc, void *data)
{
    ngx_voyo_peer_t  *peer = data;

    pc->sockaddr = &peer->origin->sockaddr.sockaddr;
    pc->socklen = peer->origin->socklen;
    pc->name = &peer->origin->url.host;
    pc->cached = 0;
    pc->connection = NULL;

    return NGX_OK;
}


static void
ngx_voyo_media_free_peer(ngx_peer_connection_t *pc, void *data,
    ngx_uint_t state)
{
    if (pc->tries) {
        pc->tries--;
    }
}


#if (NGX_HTTP_SSL)

static ngx_int_t
ngx_voyo_media_set_session(ngx_peer_connection_t *pc, void *data)
{
    ngx_voyo_peer_t  *peer = data;

    ngx_ssl_session_t     *session;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(peer->request, ngx_voyo_module);

    session = ngx_voyo_tls_get(vmcf->tls, &peer->origin->url.host);

    return session ? ngx_ssl_set_session(pc->connection, session) : NGX_OK;
}


static void
ngx_voyo_media_save_session(ngx_peer_connection_t *pc, void *data)
{
    ngx_voyo_peer_t  *peer = data;

    ngx_ssl_session_t     *session;
    ngx_voyo_main_conf_t  *vmcf;

    session = ngx_ssl_get_session(pc->connection);

    if (session == NULL) {
        return;
    }

    vmcf = ngx_http_get_module_main_conf(peer->request, ngx_voyo_module);

    ngx_voyo_tls_put(vmcf->tls, &peer->origin->url.host, session);
}

#endif


static ngx_int_t
ngx_voyo_media_process_header(ngx_http_request_t *r)
{
    ngx_int_t              rc;
    ngx_str_t             *type;
    ngx_uint_t             version;
    const char            *reason;
    ngx_voyo_origin_t     *origin;
    ngx_http_upstream_t   *u;
    ngx_voyo_main_conf_t  *vmcf;

    u = r->upstream;
    origin = ngx_voyo_origin_get(r);

    /* nginx takes garbage for HTTP/0.9 and would answer in it */

    version = r->http_version;

    u->process_header = origin->process_header;
    rc = u->process_header(r);
    origin->process_header = u->process_header;
    u->process_header = ngx_voyo_media_process_header;

    r->http_version = version;

    if (rc != NGX_OK || ngx_voyo_repair_knows(u->headers_in.status_n)) {
        return rc;
    }

    reason = origin->art ? ngx_voyo_media_check_art(u)
                         : ngx_voyo_media_check(r, origin);

    if (reason) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "media host \"%V\" gave %s for bytes %O-%O of \"%V\", "
                      "status %ui, it is not used", &origin->url.host, reason,
                      origin->start, origin->last, &origin->representation,
                      u->headers_in.status_n);

        /* nginx's own interception of errors does the rest */

        u->headers_in.status_n = NGX_HTTP_BAD_GATEWAY;
        u->keepalive = 0;

        return NGX_OK;
    }

    ngx_voyo_media_hide(u);

    if (origin->art) {
        return NGX_OK;
    }

    if (origin->found) {

        /* the next slices need not be sent there again */

        vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);

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
ngx_voyo_media_reinit_request(ngx_http_request_t *r)
{
    ngx_int_t             rc;
    ngx_voyo_origin_t    *origin;
    ngx_http_upstream_t  *u;

    u = r->upstream;
    origin = ngx_voyo_origin_get(r);

    rc = origin->reinit_request(r);

    /* the proxy begins anew with its own */

    origin->process_header = u->process_header;
    u->process_header = ngx_voyo_media_process_header;

    return rc;
}


static const char *
ngx_voyo_media_check(ngx_http_request_t *r, ngx_voyo_origin_t *origin)
{
    ngx_str_t            *range;
    ngx_http_upstream_t  *u;

    u = r->upstream;

    if (u->headers_in.status_n != NGX_HTTP_PARTIAL_CONTENT) {
        return "another status than 206";
    }

    if (u->headers_in.chunked || u->headers_in.content_length_n < 0) {
        return "no Content-Length";
    }

    if (u->headers_in.content_length_n != origin->last - origin->start + 1) {
        return "a wrong Content-Length";
    }

    if (u->headers_in.content_type == NULL
        || u->headers_in.content_type->value.len < 6
        || ngx_strncasecmp(u->headers_in.content_type->value.data,
                           (u_char *) "audio/", 6)
           != 0)
    {
        return "another type than audio";
    }

    if (ngx_voyo_header_find(&u->headers_in.headers, "Content-Encoding")) {
        return "an encoded body";
    }

    range = ngx_voyo_header_find(&u->headers_in.headers, "Content-Range");

    if (range == NULL || ngx_voyo_media_content_range(range, origin) != NGX_OK)
    {
        return "a wrong Content-Range";
    }

    if (ngx_voyo_header_count(&u->headers_in.headers, "Content-Range") != 1) {
        return "two Content-Range fields";
    }

    return NULL;
}


static const char *
ngx_voyo_media_check_art(ngx_http_upstream_t *u)
{
    size_t       len;
    ngx_str_t   *type;
    ngx_uint_t   i;

    /* what browsers show and can't run */

    static const char  *types[] = {
        "image/jpeg", "image/webp", "image/png", "image/avif"
    };

    if (u->headers_in.status_n != NGX_HTTP_OK) {
        return "another status than 200";
    }

    if (u->headers_in.chunked || u->headers_in.content_length_n < 0
        || u->headers_in.content_length_n == 0
        || u->headers_in.content_length_n > NGX_VOYO_ART_MAX)
    {
        return "no Content-Length, or none that a picture has,";
    }

    type = u->headers_in.content_type ? &u->headers_in.content_type->value
                                      : NULL;

    for (i = 0; type && i < sizeof(types) / sizeof(char *); i++) {

        len = ngx_strlen(types[i]);

        if (type->len == len
            && ngx_strncasecmp(type->data, (u_char *) types[i], len) == 0)
        {
            return NULL;
        }
    }

    return "another type than an image";
}


static ngx_int_t
ngx_voyo_media_content_range(ngx_str_t *value, ngx_voyo_origin_t *origin)
{
    u_char  *last, buf[sizeof("bytes -/") + 3 * NGX_OFF_T_LEN];

    /* there is just one right one (RFC 9110, section 14.4) */

    last = ngx_sprintf(buf, "bytes %O-%O/%O", origin->start, origin->last,
                       origin->size);

    if (value->len != (size_t) (last - buf)
        || ngx_strncasecmp(value->data, buf, value->len) != 0)
    {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/*
 * Nothing of a media host's goes on but what was looked at: all other fields
 * get a name that nginx's proxy hides by default.
 */

static void
ngx_voyo_media_hide(ngx_http_upstream_t *u)
{
    ngx_uint_t        i, j;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    static ngx_str_t  shown[] = {
        ngx_string("content-type"),
        ngx_string("content-length"),
        ngx_string("content-range")
    };

    static ngx_str_t  hidden = ngx_string("x-pad");

    for (part = &u->headers_in.headers.part; part; part = part->next) {

        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            for (j = 0; j < sizeof(shown) / sizeof(ngx_str_t); j++) {
                if (h[i].key.len == shown[j].len
                    && ngx_strncasecmp(h[i].key.data, shown[j].data,
                                       shown[j].len)
                       == 0)
                {
                    break;
                }
            }

            if (j < sizeof(shown) / sizeof(ngx_str_t)) {
                continue;
            }

            h[i].key = hidden;
            h[i].lowcase_key = hidden.data;
            h[i].hash = ngx_hash_key(hidden.data, hidden.len);
        }
    }
}


static ngx_int_t
ngx_voyo_media_init(ngx_conf_t *cf, ngx_http_upstream_srv_conf_t *us)
{
    us->peer.init = ngx_voyo_media_init_peer;

    return NGX_OK;
}


char *
ngx_voyo_media(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_upstream_srv_conf_t  *uscf;

    uscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_upstream_module);

    if (uscf->peer.init_upstream) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"voyo_media\" must come before \"keepalive\" and "
                           "can't be used with another load balancing method");
        return NGX_CONF_ERROR;
    }

    uscf->flags = NGX_HTTP_UPSTREAM_CREATE;
    uscf->peer.init_upstream = ngx_voyo_media_init;

    return NGX_CONF_OK;
}
