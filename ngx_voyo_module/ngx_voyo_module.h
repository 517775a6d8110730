
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_MODULE_H_INCLUDED_
#define _NGX_VOYO_MODULE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "voyo_format.h"
#include "voyo_track.h"

#include "ngx_voyo_problem.h"
#include "ngx_voyo_redis.h"
#include "ngx_voyo_wait.h"
#include "ngx_voyo_zone.h"


typedef struct {
    ngx_shm_zone_t           *shm_zone;      /* of voyo_zone */
    ngx_voyo_redis_conf_t     redis;
    ngx_str_t                 egress;
    ngx_array_t              *hosts;         /* of ngx_voyo_host_t */
    ngx_uint_t                codec;         /* voyo_codec_t */
    ngx_uint_t                tolerance;     /* per cent */
    ngx_uint_t                waiters;       /* at most, a worker */
    ngx_uint_t                used;          /* by some location */

    ngx_voyo_redis_t         *connection;    /* the worker's */
    ngx_voyo_wait_t          *wait;          /* the worker's */
} ngx_voyo_main_conf_t;


typedef struct {
    ngx_http_complex_value_t *stream;        /* a track id */
    ngx_http_complex_value_t *quality;
    ngx_http_complex_value_t *stream_codec;
    ngx_http_complex_value_t *track;         /* of voyo_track */
    ngx_flag_t                origin;
    ngx_msec_t                resolve_timeout;
} ngx_voyo_loc_conf_t;


/* What an edge request asks for, and what it is given. */

typedef struct {
    ngx_str_t                 track;         /* 11 characters */
    voyo_quality_t            quality;
    voyo_codec_t              codec;

    voyo_format_t             format;
    ngx_voyo_problem_t        problem;       /* of waiting */
    ngx_msec_t                started;       /* of waiting, 0: never */
    ngx_msec_t                waited;        /* milliseconds */

    ngx_str_t                 body;          /* of voyo_track */

    unsigned                  known:1;       /* "format" is chosen */
} ngx_voyo_ctx_t;


extern ngx_module_t  ngx_voyo_module;


/* ngx_voyo_module.c: a location needs the zone and Redis */
void ngx_voyo_use(ngx_conf_t *cf);

/* ngx_voyo_stream.c: the handler of voyo_stream, in PRECONTENT */
ngx_int_t ngx_voyo_stream_handler(ngx_http_request_t *r);

/* ngx_voyo_origin.c: the handler of voyo_origin, in PRECONTENT */
ngx_int_t ngx_voyo_origin_handler(ngx_http_request_t *r);

/* ngx_voyo_track.c: the handler of voyo_track, in PRECONTENT */
ngx_int_t ngx_voyo_track_handler(ngx_http_request_t *r);

/* ngx_voyo_health.c: directive voyo_health */
char *ngx_voyo_health(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* ngx_voyo_upstream.c: directive voyo_media, in an upstream block */
char *ngx_voyo_media(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* ngx_voyo_variables.c: before the configuration is read */
ngx_int_t ngx_voyo_add_variables(ngx_conf_t *cf);


#endif /* _NGX_VOYO_MODULE_H_INCLUDED_ */
