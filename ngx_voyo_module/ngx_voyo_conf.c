
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_conf.h"
#include "ngx_voyo_hosts.h"
#include "ngx_voyo_redis_connection.h"
#include "ngx_voyo_zone.h"

#include "voyo_format.h"
#include "voyo_key.h"


static ngx_int_t ngx_voyo_merge_location(ngx_conf_t *cf,
    ngx_http_core_loc_conf_t *clcf);


void *
ngx_voyo_create_main_conf(ngx_conf_t *cf)
{
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_pcalloc(cf->pool, sizeof(ngx_voyo_main_conf_t));
    if (vmcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&vmcf->streams, cf->pool, 4, sizeof(void *))
        != NGX_OK)
    {
        return NULL;
    }

    vmcf->family = NGX_CONF_UNSET_UINT;
    vmcf->codec = NGX_CONF_UNSET_UINT;
    vmcf->tolerance = NGX_CONF_UNSET_UINT;
    vmcf->mp4_header = NGX_CONF_UNSET;
    vmcf->ignore_term = NGX_CONF_UNSET;
    vmcf->waiters = NGX_CONF_UNSET_UINT;
    vmcf->salt = (uint32_t) ngx_random();

    return vmcf;
}


char *
ngx_voyo_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_voyo_main_conf_t *vmcf = conf;

    ngx_http_core_loc_conf_t  *clcf;

    static ngx_str_t  host = ngx_string(".googlevideo.com");
    static ngx_str_t  request_id = ngx_string("voyo_request_id");

    ngx_conf_init_uint_value(vmcf->family, AF_UNSPEC);
    ngx_conf_init_uint_value(vmcf->codec, VOYO_CODEC_AAC);
    ngx_conf_init_uint_value(vmcf->tolerance, 10);
    ngx_conf_init_value(vmcf->mp4_header, 1);
    ngx_conf_init_uint_value(vmcf->waiters, 1000);

    if (vmcf->egress.data == NULL) {
        ngx_str_set(&vmcf->egress, "default");
    }

    if (!voyo_egress_valid((char *) vmcf->egress.data, vmcf->egress.len)) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "invalid \"voyo_egress\", it must be 1 to 32 of "
                      "A-Za-z0-9_.-");
        return NGX_CONF_ERROR;
    }

    if (vmcf->shm_zone) {
        ngx_voyo_zone_set_egress(vmcf->shm_zone, &vmcf->egress);
    }

    if (vmcf->hosts == NULL) {
        vmcf->hosts = ngx_array_create(cf->pool, 1, sizeof(ngx_voyo_host_t));

        if (vmcf->hosts == NULL
            || ngx_voyo_hosts_add(cf, vmcf->hosts, &host) != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    vmcf->request_id = ngx_http_get_variable_index(cf, &request_id);

    if (vmcf->request_id == NGX_ERROR) {
        return NGX_CONF_ERROR;
    }

    vmcf->private = ngx_voyo_hosts_private(cf);
    if (vmcf->private == NULL) {
        return NGX_CONF_ERROR;
    }

    if (vmcf->used && (vmcf->shm_zone == NULL || vmcf->redis == NULL)) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"voyo_zone\" and \"voyo_redis\" must be set in "
                      "\"http\" to use \"voyo_stream\", \"voyo_origin\", "
                      "\"voyo_track\", \"voyo_health\", "
                      "\"voyo_metrics\" or \"voyo_drain\"");
        return NGX_CONF_ERROR;
    }

    if (vmcf->redis == NULL) {
        return NGX_CONF_OK;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    return ngx_voyo_redis_conf_init(cf, vmcf->redis, clcf->resolver);
}


void *
ngx_voyo_create_loc_conf(ngx_conf_t *cf)
{
    ngx_voyo_loc_conf_t  *vlcf;

    vlcf = ngx_pcalloc(cf->pool, sizeof(ngx_voyo_loc_conf_t));
    if (vlcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc(), and not inherited by other locations: handler, id,
     * quality, codec, prefetch, stream, fill, again, origin
     */

    vlcf->ahead = NGX_CONF_UNSET_UINT;
    vlcf->resolve_timeout = NGX_CONF_UNSET_MSEC;
    vlcf->retry_timeout = NGX_CONF_UNSET_MSEC;

    return vlcf;
}


char *
ngx_voyo_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_voyo_loc_conf_t *prev = parent;
    ngx_voyo_loc_conf_t *conf = child;

    ngx_voyo_main_conf_t       *vmcf;
    ngx_http_core_loc_conf_t   *clcf, **stream;

    ngx_conf_merge_msec_value(conf->resolve_timeout, prev->resolve_timeout,
                              15000);
    ngx_conf_merge_msec_value(conf->retry_timeout, prev->retry_timeout, 6000);
    ngx_conf_merge_uint_value(conf->ahead, prev->ahead, 4);

    if (conf->request_id == NULL) {
        conf->request_id = prev->request_id;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->noname && conf->handler == NULL) {

        /* "if" and "limit_except" inherit it, as with proxy_pass */

        conf->handler = prev->handler;
        conf->id = prev->id;
        conf->quality = prev->quality;
        conf->codec = prev->codec;
        conf->prefetch = prev->prefetch;
        conf->stream = prev->stream;
        conf->fill = prev->fill;
        conf->again = prev->again;
        conf->origin = prev->origin;
    }

    if (conf->id) {

        /* proxy_pass would redirect "/cdn/stream" to an empty id */

        clcf->auto_redirect = 0;
    }

    if (conf->id && !clcf->noname && !clcf->named
#if (NGX_PCRE)
        && clcf->regex == NULL
#endif
        && ngx_voyo_merge_location(cf, clcf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (conf->stream && !clcf->noname) {
        vmcf = ngx_http_conf_get_module_main_conf(cf, ngx_voyo_module);

        stream = ngx_array_push(&vmcf->streams);
        if (stream == NULL) {
            return NGX_CONF_ERROR;
        }

        *stream = clcf;
    }

    return NGX_CONF_OK;
}


/* What the server's own phases know of its locations. */

static ngx_int_t
ngx_voyo_merge_location(ngx_conf_t *cf, ngx_http_core_loc_conf_t *clcf)
{
    ngx_voyo_loc_conf_t        *vlcf;
    ngx_http_core_loc_conf_t  **location;
    ngx_http_core_srv_conf_t   *cscf;

    cscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module);
    vlcf = cscf->ctx->loc_conf[ngx_voyo_module.ctx_index];

    if (vlcf->locations == NULL) {
        vlcf->locations = ngx_array_create(cf->pool, 4, sizeof(void *));
        if (vlcf->locations == NULL) {
            return NGX_ERROR;
        }
    }

    location = ngx_array_push(vlcf->locations);
    if (location == NULL) {
        return NGX_ERROR;
    }

    *location = clcf;

    return NGX_OK;
}
