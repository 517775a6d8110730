
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_balancer.h"
#include "ngx_voyo_directives.h"
#include "ngx_voyo_fill.h"
#include "ngx_voyo_drain.h"
#include "ngx_voyo_health.h"
#include "ngx_voyo_hosts.h"
#include "ngx_voyo_metrics.h"
#include "ngx_voyo_origin.h"
#include "ngx_voyo_redis_connection.h"
#include "ngx_voyo_stream.h"
#include "ngx_voyo_track.h"
#include "ngx_voyo_zone.h"

#include "voyo_format.h"


#define NGX_VOYO_ZONE_MIN   (64 * 1024)


typedef struct {
    ngx_str_t   name;                    /* with "=" */
    size_t      offset;                  /* of the value */
} ngx_voyo_parameter_t;


static char *ngx_voyo_redis(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_voyo_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_voyo_hosts(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_voyo_fill(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_voyo_stream(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_voyo_set_track(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_voyo_set_origin(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_voyo_set_handler(ngx_conf_t *cf, ngx_voyo_loc_conf_t *vlcf,
    ngx_http_handler_pt handler);
static char *ngx_voyo_set_parameters(ngx_conf_t *cf, ngx_voyo_loc_conf_t *vlcf,
    ngx_uint_t from, const ngx_voyo_parameter_t *parameter);
static char *ngx_voyo_set_value(ngx_conf_t *cf, ngx_str_t *text,
    ngx_http_complex_value_t **value);
static char *ngx_voyo_media(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_voyo_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


static const ngx_voyo_parameter_t  ngx_voyo_stream_parameters[] = {
    { ngx_string("quality="), offsetof(ngx_voyo_loc_conf_t, quality) },
    { ngx_string("codec="), offsetof(ngx_voyo_loc_conf_t, codec) },
    { ngx_string("prefetch="), offsetof(ngx_voyo_loc_conf_t, prefetch) },
    { ngx_null_string, 0 }
};


static const ngx_voyo_parameter_t  ngx_voyo_track_parameters[] = {
    { ngx_string("artwork="), offsetof(ngx_voyo_loc_conf_t, artwork) },
    { ngx_null_string, 0 }
};


static const ngx_voyo_parameter_t  ngx_voyo_health_parameters[] = {
    { ngx_string("details="), offsetof(ngx_voyo_loc_conf_t, details) },
    { ngx_null_string, 0 }
};


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


static ngx_conf_num_bounds_t  ngx_voyo_retry_bounds = {
    ngx_conf_check_num_bounds, 0, 30000
};


ngx_command_t  ngx_voyo_commands[] = {

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
      ngx_voyo_hosts,
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

    { ngx_string("voyo_ignore_term"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_voyo_main_conf_t, ignore_term),
      NULL },

    { ngx_string("voyo_log_dropped"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_voyo_main_conf_t, log_dropped),
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

    { ngx_string("voyo_retry_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_voyo_loc_conf_t, retry_timeout),
      &ngx_voyo_retry_bounds },

    { ngx_string("voyo_request_id"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_voyo_loc_conf_t, request_id),
      NULL },

    { ngx_string("voyo_stream"),
      NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_voyo_stream,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voyo_track"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_voyo_set_track,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
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
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS|NGX_CONF_TAKE1,
      ngx_voyo_status,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      ngx_voyo_health_handler },

    { ngx_string("voyo_metrics"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_voyo_status,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      ngx_voyo_metrics_handler },

    { ngx_string("voyo_drain"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_voyo_status,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      ngx_voyo_drain_handler },

      ngx_null_command
};


static char *
ngx_voyo_redis(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voyo_main_conf_t *vmcf = conf;

    ngx_str_t  *value;

    if (vmcf->redis) {
        return "is duplicate";
    }

    vmcf->redis = ngx_pcalloc(cf->pool, sizeof(ngx_voyo_redis_conf_t));
    if (vmcf->redis == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    return ngx_voyo_redis_conf(cf, &value[1], vmcf->redis);
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
ngx_voyo_hosts(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *base = conf;

    ngx_str_t     *value;
    ngx_uint_t     i;
    ngx_array_t  **hosts;

    hosts = (ngx_array_t **) (base + cmd->offset);

    if (*hosts) {
        return "is duplicate";
    }

    *hosts = ngx_array_create(cf->pool, 4, sizeof(ngx_voyo_host_t));
    if (*hosts == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        if (ngx_voyo_hosts_add(cf, *hosts, &value[i]) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_voyo_fill(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voyo_main_conf_t *vmcf = conf;

    ngx_url_t  *u;
    ngx_str_t  *value;

    if (vmcf->fill_url) {
        return "is duplicate";
    }

    value = cf->args->elts;

    u = ngx_pcalloc(cf->pool, sizeof(ngx_url_t));
    if (u == NULL) {
        return NGX_CONF_ERROR;
    }

    u->url = value[1];
    u->default_port = 80;
    u->uri_part = 1;

    if (ngx_parse_url(cf->pool, u) != NGX_OK || u->naddrs == 0
        || u->uri.len == 0 || u->uri.len > NGX_VOYO_FILL_URI_MAX)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "%s in \"voyo_fill %V\", it must be an address and "
                           "a URI of at most %d characters like "
                           "\"unix:/run/fill.sock:/fill/\"",
                           u->err ? u->err : "no address or URI", &value[1],
                           NGX_VOYO_FILL_URI_MAX);
        return NGX_CONF_ERROR;
    }

    vmcf->fill_url = u;

    return NGX_CONF_OK;
}


static char *
ngx_voyo_stream(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voyo_loc_conf_t *vlcf = conf;

    char       *rv;
    ngx_str_t  *value;

    value = cf->args->elts;

    if (!vlcf->stream) {
        vlcf->again = (ngx_strcmp(value[1].data, "again") == 0);
    }

    rv = ngx_voyo_set_handler(cf, vlcf, ngx_voyo_stream_handler);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    vlcf->stream = 1;

    if (cf->args->nelts > 2
        && ngx_strcmp(value[cf->args->nelts - 1].data, "fill") == 0)
    {
        vlcf->fill = 1;
        cf->args->nelts--;
    }

    if (vlcf->again && cf->args->nelts > 2) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\", \"again\" keeps "
                           "those that the request began with", &value[2]);
        return NGX_CONF_ERROR;
    }

    return ngx_voyo_set_parameters(cf, vlcf, 2, ngx_voyo_stream_parameters);
}


static char *
ngx_voyo_set_track(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *rv;

    rv = ngx_voyo_set_handler(cf, conf, ngx_voyo_track_handler);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return ngx_voyo_set_parameters(cf, conf, 2, ngx_voyo_track_parameters);
}


/* NAME=VALUE, from an argument on. */

static char *
ngx_voyo_set_parameters(ngx_conf_t *cf, ngx_voyo_loc_conf_t *vlcf,
    ngx_uint_t from, const ngx_voyo_parameter_t *parameter)
{
    ngx_str_t                    *value, s;
    ngx_uint_t                    i;
    ngx_http_complex_value_t    **slot;
    const ngx_voyo_parameter_t   *p;

    value = cf->args->elts;

    for (i = from; i < cf->args->nelts; i++) {

        for (p = parameter; p->name.len; p++) {
            if (ngx_strncmp(value[i].data, p->name.data, p->name.len) == 0) {
                break;
            }
        }

        if (p->name.len == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        slot = (ngx_http_complex_value_t **) ((u_char *) vlcf + p->offset);

        if (*slot) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate parameter \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        s.data = value[i].data + p->name.len;
        s.len = value[i].len - p->name.len;

        if (ngx_voyo_set_value(cf, &s, slot) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_voyo_set_origin(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voyo_loc_conf_t *vlcf = conf;

    vlcf->origin = 1;

    return ngx_voyo_set_handler(cf, conf, ngx_voyo_origin_handler);
}


/* A location has one handler, whose track is named by the first argument. */

static char *
ngx_voyo_set_handler(ngx_conf_t *cf, ngx_voyo_loc_conf_t *vlcf,
    ngx_http_handler_pt handler)
{
    ngx_str_t             *value;
    ngx_voyo_main_conf_t  *vmcf;

    if (vlcf->handler) {
        return "cannot be used with another of \"voyo_stream\", "
               "\"voyo_track\" and \"voyo_origin\" in one location";
    }

    vlcf->handler = handler;

    vmcf = ngx_http_conf_get_module_main_conf(cf, ngx_voyo_module);
    vmcf->used = 1;

    if (cf->args->nelts == 1 || vlcf->again) {
        return NGX_CONF_OK;
    }

    value = cf->args->elts;

    return ngx_voyo_set_value(cf, &value[1], &vlcf->id);
}


static char *
ngx_voyo_set_value(ngx_conf_t *cf, ngx_str_t *text,
    ngx_http_complex_value_t **value)
{
    ngx_http_compile_complex_value_t  ccv;

    *value = ngx_palloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (*value == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = text;
    ccv.complex_value = *value;

    return ngx_http_compile_complex_value(&ccv) == NGX_OK ? NGX_CONF_OK
                                                          : NGX_CONF_ERROR;
}


static char *
ngx_voyo_media(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_upstream_srv_conf_t  *uscf;

    uscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_upstream_module);

    if (uscf->peer.init_upstream) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"voyo_media\" must come before \"keepalive\" and "
                           "cannot be used with another balancing method");
        return NGX_CONF_ERROR;
    }

    uscf->flags = NGX_HTTP_UPSTREAM_CREATE;
    uscf->peer.init_upstream = ngx_voyo_balancer_init;

    return NGX_CONF_OK;
}


static char *
ngx_voyo_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voyo_main_conf_t *vmcf = conf;

    ngx_voyo_loc_conf_t       *vlcf;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = (ngx_http_handler_pt) cmd->post;

    vmcf->used = 1;

    vlcf = ngx_http_conf_get_module_loc_conf(cf, ngx_voyo_module);

    return ngx_voyo_set_parameters(cf, vlcf, 1, ngx_voyo_health_parameters);
}
