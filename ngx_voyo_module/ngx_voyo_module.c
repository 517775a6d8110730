
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_module.h"
#include "ngx_voyo_media_url.h"
#include "ngx_voyo_lookup.h"

#include "voyo_key.h"


#define NGX_VOYO_ZONE_MIN   (64 * 1024)


static ngx_int_t ngx_voyo_postconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_voyo_handler(ngx_http_request_t *r);
static ngx_int_t ngx_voyo_init_process(ngx_cycle_t *cycle);
static void *ngx_voyo_create_main_conf(ngx_conf_t *cf);
static char *ngx_voyo_init_main_conf(ngx_conf_t *cf, void *conf);
static ngx_int_t ngx_voyo_default_hosts(ngx_conf_t *cf, ngx_array_t **hosts,
    const char **names);
static void *ngx_voyo_create_loc_conf(ngx_conf_t *cf);
static char *ngx_voyo_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *ngx_voyo_redis(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_voyo_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_voyo_stream(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_voyo_set_track(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_voyo_set_art(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_voyo_set_origin(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_voyo_set_handler(ngx_conf_t *cf, ngx_voyo_loc_conf_t *vlcf,
    ngx_http_handler_pt handler);
static char *ngx_voyo_fill(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


static ngx_conf_enum_t  ngx_voyo_codecs[] = {
    { ngx_string("aac"), VOYO_CODEC_AAC },
    { ngx_string("opus"), VOYO_CODEC_OPUS },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_voyo_families[] = {
    { ngx_string("any"), AF_UNSPEC },
    { ngx_string("ipv4"), AF_INET },
    { ngx_string("ipv6"), AF_INET6 },
    { ngx_null_string, 0 }
};


static ngx_conf_num_bounds_t  ngx_voyo_tolerance_bounds = {
    ngx_conf_check_num_bounds, 0, 100
};


static ngx_conf_num_bounds_t  ngx_voyo_waiters_bounds = {
    ngx_conf_check_num_bounds, 1, 1000000
};


static ngx_conf_num_bounds_t  ngx_voyo_ahead_bounds = {
    ngx_conf_check_num_bounds, 0, 16
};


static ngx_command_t  ngx_voyo_commands[] = {

    { ngx_string("voyo_redis"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_voyo_redis,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voyo_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE12,
      ngx_voyo_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voyo_egress"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_voyo_main_conf_t, egress),
      NULL },

    { ngx_string("voyo_media_hosts"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      ngx_voyo_media_hosts,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_voyo_main_conf_t, hosts),
      NULL },

    { ngx_string("voyo_codec"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_voyo_main_conf_t, codec),
      ngx_voyo_codecs },

    { ngx_string("voyo_mp4_header"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_voyo_main_conf_t, mp4_header),
      NULL },

    { ngx_string("voyo_quality_tolerance"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_voyo_main_conf_t, tolerance),
      &ngx_voyo_tolerance_bounds },

    { ngx_string("voyo_waiters"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_voyo_main_conf_t, waiters),
      &ngx_voyo_waiters_bounds },

    { ngx_string("voyo_resolve_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_voyo_loc_conf_t, resolve_timeout),
      NULL },

    { ngx_string("voyo_stream"),
      NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_voyo_stream,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voyo_track"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_voyo_set_track,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voyo_art"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_voyo_set_art,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voyo_art_hosts"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      ngx_voyo_media_hosts,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_voyo_main_conf_t, art_hosts),
      NULL },

    { ngx_string("voyo_family"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_voyo_main_conf_t, family),
      ngx_voyo_families },

    { ngx_string("voyo_fill"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_voyo_fill,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voyo_ahead"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_voyo_loc_conf_t, ahead),
      &ngx_voyo_ahead_bounds },

    { ngx_string("voyo_origin"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_voyo_set_origin,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voyo_media"),
      NGX_HTTP_UPS_CONF|NGX_CONF_NOARGS,
      ngx_voyo_media,
      0,
      0,
      NULL },

    { ngx_string("voyo_health"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_voyo_health,
      0,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_voyo_module_ctx = {
    ngx_voyo_add_variables,                /* preconfiguration */
    ngx_voyo_postconfiguration,            /* postconfiguration */

    ngx_voyo_create_main_conf,             /* create main configuration */
    ngx_voyo_init_main_conf,               /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_voyo_create_loc_conf,              /* create location configuration */
    ngx_voyo_merge_loc_conf                /* merge location configuration */
};


ngx_module_t  ngx_voyo_module = {
    NGX_MODULE_V1,
    &ngx_voyo_module_ctx,                  /* module context */
    ngx_voyo_commands,                     /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_voyo_init_process,                 /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static char *
ngx_voyo_set_track(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_voyo_set_handler(cf, conf, ngx_voyo_track_handler);
}


static char *
ngx_voyo_set_art(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_voyo_set_handler(cf, conf, ngx_voyo_art_handler);
}


static char *
ngx_voyo_set_origin(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voyo_loc_conf_t *vlcf = conf;

    vlcf->origin = 1;

    return ngx_voyo_set_handler(cf, conf, ngx_voyo_origin_handler);
}


/* A location does one thing, for the track that its first argument names. */

static char *
ngx_voyo_set_handler(ngx_conf_t *cf, ngx_voyo_loc_conf_t *vlcf,
    ngx_http_handler_pt handler)
{
    ngx_str_t  *value;

    if (vlcf->handler) {
        return "can't be used with another of \"voyo_stream\", "
               "\"voyo_track\", \"voyo_art\" and \"voyo_origin\" in one "
               "location";
    }

    vlcf->handler = handler;

    ngx_voyo_use(cf);

    if (cf->args->nelts == 1) {
        return NGX_CONF_OK;
    }

    value = cf->args->elts;

    return ngx_voyo_value_compile(cf, &value[1], &vlcf->id);
}


void
ngx_voyo_use(ngx_conf_t *cf)
{
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_conf_get_module_main_conf(cf, ngx_voyo_module);
    vmcf->used = 1;
}


static char *
ngx_voyo_redis(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voyo_main_conf_t *vmcf = conf;

    ngx_str_t  *value;

    if (vmcf->redis.set) {
        return "is duplicate";
    }

    value = cf->args->elts;

    return ngx_voyo_redis_conf(cf, &value[1], &vmcf->redis);
}


static char *
ngx_voyo_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voyo_main_conf_t *vmcf = conf;

    u_char     *p;
    ssize_t     size;
    ngx_int_t   inactive;
    ngx_str_t  *value, name, s;

    if (vmcf->shm_zone) {
        return "is duplicate";
    }

    value = cf->args->elts;

    p = (u_char *) ngx_strchr(value[1].data, ':');

    if (p == NULL || p == value[1].data) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid zone \"%V\", it must be name:size",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    name.data = value[1].data;
    name.len = p - value[1].data;

    s.data = p + 1;
    s.len = value[1].data + value[1].len - s.data;

    size = ngx_parse_size(&s);

    if (size == NGX_ERROR || size < NGX_VOYO_ZONE_MIN) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid size of zone \"%V\", at least 64k",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    inactive = 30 * 60 * 1000;

    if (cf->args->nelts == 3) {

        if (ngx_strncmp(value[2].data, "inactive=", 9) != 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[2]);
            return NGX_CONF_ERROR;
        }

        s.data = value[2].data + 9;
        s.len = value[2].len - 9;

        inactive = ngx_parse_time(&s, 0);

        if (inactive == NGX_ERROR || inactive == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid time \"%V\"", &value[2]);
            return NGX_CONF_ERROR;
        }
    }

    vmcf->shm_zone = ngx_voyo_zone_create(cf, &name, size, inactive,
                                          &ngx_voyo_module);

    return vmcf->shm_zone ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static char *
ngx_voyo_stream(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voyo_loc_conf_t *vlcf = conf;

    char               *rv;
    ngx_str_t          *value, s;
    ngx_uint_t          i;
    ngx_voyo_value_t  **slot;

    rv = ngx_voyo_set_handler(cf, vlcf, ngx_voyo_stream_handler);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    vlcf->stream = 1;

    value = cf->args->elts;

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "quality=", 8) == 0) {
            slot = &vlcf->quality;
            s.data = value[i].data + 8;

        } else if (ngx_strncmp(value[i].data, "codec=", 6) == 0) {
            slot = &vlcf->codec;
            s.data = value[i].data + 6;

        } else if (ngx_strncmp(value[i].data, "prefetch=", 9) == 0) {
            slot = &vlcf->prefetch;
            s.data = value[i].data + 9;

        } else if (ngx_strcmp(value[i].data, "fill") == 0) {
            vlcf->fill = 1;
            continue;

        } else {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        s.len = value[i].data + value[i].len - s.data;

        if (*slot) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate parameter \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        if (ngx_voyo_value_compile(cf, &s, slot) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_voyo_fill(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voyo_main_conf_t *vmcf = conf;

    ngx_url_t   u;
    ngx_str_t  *value;

    if (vmcf->fill_address) {
        return "is duplicate";
    }

    value = cf->args->elts;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url = value[1];
    u.default_port = 80;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK || u.naddrs == 0
        || u.uri.len)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "%s in \"voyo_fill %V\", it must be an address "
                           "like \"unix:/run/fill.sock\"",
                           u.err ? u.err : "no address", &value[1]);
        return NGX_CONF_ERROR;
    }

    vmcf->fill_address = u.addrs;

    return NGX_CONF_OK;
}


static void *
ngx_voyo_create_main_conf(ngx_conf_t *cf)
{
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_pcalloc(cf->pool, sizeof(ngx_voyo_main_conf_t));
    if (vmcf == NULL) {
        return NULL;
    }

    vmcf->family = NGX_CONF_UNSET_UINT;
    vmcf->codec = NGX_CONF_UNSET_UINT;
    vmcf->tolerance = NGX_CONF_UNSET_UINT;
    vmcf->mp4_header = NGX_CONF_UNSET;
    vmcf->waiters = NGX_CONF_UNSET_UINT;

    return vmcf;
}


static char *
ngx_voyo_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_voyo_main_conf_t *vmcf = conf;

    static const char  *media_hosts[] = { ".googlevideo.com", NULL };

    static const char  *art_hosts[] = {
        ".ytimg.com", ".ggpht.com", ".googleusercontent.com", NULL
    };

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

    if (ngx_voyo_default_hosts(cf, &vmcf->hosts, media_hosts) != NGX_OK
        || ngx_voyo_default_hosts(cf, &vmcf->art_hosts, art_hosts) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (vmcf->used && (vmcf->shm_zone == NULL || !vmcf->redis.set)) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"voyo_zone\" and \"voyo_redis\" must be set in "
                      "\"http\" to use \"voyo_stream\", \"voyo_origin\", "
                      "\"voyo_track\" or \"voyo_health\"");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_voyo_default_hosts(ngx_conf_t *cf, ngx_array_t **hosts,
    const char **names)
{
    ngx_voyo_host_t  *host;

    if (*hosts) {
        return NGX_OK;
    }

    *hosts = ngx_array_create(cf->pool, 4, sizeof(ngx_voyo_host_t));
    if (*hosts == NULL) {
        return NGX_ERROR;
    }

    for ( /* void */ ; *names; names++) {

        host = ngx_array_push(*hosts);
        if (host == NULL) {
            return NGX_ERROR;
        }

        ngx_memzero(host, sizeof(ngx_voyo_host_t));

        host->name.data = (u_char *) *names;
        host->name.len = ngx_strlen(*names);
    }

    return NGX_OK;
}


static void *
ngx_voyo_create_loc_conf(ngx_conf_t *cf)
{
    ngx_voyo_loc_conf_t  *vlcf;

    vlcf = ngx_pcalloc(cf->pool, sizeof(ngx_voyo_loc_conf_t));
    if (vlcf == NULL) {
        return NULL;
    }

    /*
     * handlers belong to their location and aren't inherited by others:
     * set by ngx_pcalloc(): handler, id, quality, codec, prefetch, stream,
     * fill, origin
     */

    vlcf->ahead = NGX_CONF_UNSET_UINT;
    vlcf->resolve_timeout = NGX_CONF_UNSET_MSEC;

    return vlcf;
}


static char *
ngx_voyo_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_voyo_loc_conf_t *prev = parent;
    ngx_voyo_loc_conf_t *conf = child;

    ngx_http_core_loc_conf_t  *clcf;

    ngx_conf_merge_msec_value(conf->resolve_timeout, prev->resolve_timeout,
                              15000);
    ngx_conf_merge_uint_value(conf->ahead, prev->ahead, 4);

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->noname && conf->handler == NULL) {

        /* "if" and "limit_except" are within it, as for proxy_pass */

        conf->handler = prev->handler;
        conf->id = prev->id;
        conf->quality = prev->quality;
        conf->codec = prev->codec;
        conf->prefetch = prev->prefetch;
        conf->stream = prev->stream;
        conf->fill = prev->fill;
        conf->origin = prev->origin;
    }

    if (conf->id) {

        /* proxy_pass would redirect "/cdn/stream" to an id of no characters */

        clcf->auto_redirect = 0;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_voyo_postconfiguration(ngx_conf_t *cf)
{
    ngx_http_handler_pt        *h;
    ngx_voyo_main_conf_t       *vmcf;
    ngx_http_core_main_conf_t  *cmcf;

    vmcf = ngx_http_conf_get_module_main_conf(cf, ngx_voyo_module);

    if (!vmcf->used) {
        return NGX_OK;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    /* the last to be pushed is the first: before rewrite's "return" */

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_REWRITE_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_voyo_enter_handler;

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_PRECONTENT_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_voyo_handler;

    return NGX_OK;
}


static ngx_int_t
ngx_voyo_handler(ngx_http_request_t *r)
{
    ngx_voyo_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    return vlcf->handler ? vlcf->handler(r) : NGX_DECLINED;
}


static ngx_int_t
ngx_voyo_init_process(ngx_cycle_t *cycle)
{
    ngx_voyo_main_conf_t  *vmcf;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    vmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_voyo_module);

    if (vmcf == NULL || vmcf->shm_zone == NULL || !vmcf->redis.set) {
        return NGX_OK;
    }

    vmcf->slices = ngx_voyo_slices_create(cycle);
    vmcf->tls = ngx_voyo_tls_create(cycle);

    if (vmcf->slices == NULL || vmcf->tls == NULL) {
        return NGX_ERROR;
    }

    if (vmcf->fill_address) {
        vmcf->fills = ngx_voyo_fills_create(cycle, vmcf->fill_address);
        if (vmcf->fills == NULL) {
            return NGX_ERROR;
        }
    }

    return ngx_voyo_lookup_init(cycle, vmcf);
}
