
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

#include "ngx_voyo_fill.h"
#include "ngx_voyo_mp4_header.h"
#include "ngx_voyo_problem.h"
#include "ngx_voyo_redis_connection.h"
#include "ngx_voyo_slice.h"
#include "ngx_voyo_tls.h"
#include "ngx_voyo_value.h"
#include "ngx_voyo_waiters.h"
#include "ngx_voyo_zone.h"


typedef struct {
    ngx_shm_zone_t           *shm_zone;      /* of voyo_zone */
    ngx_voyo_redis_conf_t     redis;
    ngx_str_t                 egress;
    ngx_array_t              *hosts;         /* of ngx_voyo_host_t */
    ngx_array_t              *art_hosts;     /* of ngx_voyo_host_t */
    ngx_addr_t               *fill_address;  /* NULL: no fills */
    ngx_uint_t                family;        /* of their addresses: AF_… */
    ngx_uint_t                codec;         /* voyo_codec_t */
    ngx_uint_t                tolerance;     /* per cent */
    ngx_flag_t                mp4_header;    /* is made right */
    ngx_uint_t                waiters;       /* at most, a worker */
    ngx_uint_t                used;          /* by some location */
    ngx_int_t                 slice_range;   /* the variable's index */

    ngx_voyo_redis_t         *connection;    /* the worker's */
    ngx_voyo_waiters_t          *wait;          /* the worker's */
    ngx_voyo_slices_t        *slices;        /* the worker's */
    ngx_voyo_tls_t           *tls;           /* the worker's */
    ngx_voyo_fills_t         *fills;         /* the worker's, or NULL */
} ngx_voyo_main_conf_t;


typedef struct {
    ngx_http_handler_pt       handler;       /* in PRECONTENT */
    ngx_voyo_value_t         *id;            /* of a track */
    ngx_voyo_value_t         *quality;
    ngx_voyo_value_t         *codec;
    ngx_voyo_value_t         *prefetch;
    ngx_uint_t                stream;        /* voyo_stream is here */
    ngx_uint_t                fill;          /* with "fill" */
    ngx_uint_t                origin;        /* voyo_origin is here */
    ngx_uint_t                ahead;         /* slices */
    ngx_msec_t                resolve_timeout;
} ngx_voyo_loc_conf_t;


/*
 * What an edge request asks for, and what it is given.  It outlives internal
 * redirects, which zero a request's contexts, in a pool cleanup.
 */

typedef struct {
    ngx_str_t                 track;         /* of "id" */
    char                      id[VOYO_TRACK_LEN + 1];
    voyo_quality_t            quality;
    voyo_codec_t              codec;

    voyo_format_t             format;
    ngx_str_t                 representation; /* in "name" */
    u_char                    name[VOYO_REPRESENTATION_MAX
                                   + sizeof(NGX_VOYO_MP4_HEADER) - 1];
    off_t                     start;         /* bytes asked for */
    off_t                     last;          /* inclusive */
    off_t                     looked;        /* ahead, up to here */
    ngx_uint_t                hash;          /* of it and slices, or 0 */
    ngx_uint_t                accesses;      /* of the track, this one too */
    ngx_uint_t                renewals;      /* of the representation */

    ngx_table_elt_t          *range;         /* as the client sent them */
    ngx_table_elt_t          *if_range;
    ngx_str_t                 range_value;

    ngx_voyo_problem_t        problem;
    ngx_msec_t                started;       /* of waiting */
    ngx_msec_t                waited;        /* milliseconds */

    ngx_http_request_t       *request;
    u_char                   *other;         /* track to prefetch, or NULL */
    ngx_voyo_fill_watch_t     watch;         /* of a HEAD that prefetches */
    ngx_voyo_follow_t         lookup;        /* of the slice being sent */
    ngx_event_t               timer;

    ngx_str_t                 body;          /* of voyo_track */

    unsigned                  begun:1;       /* no more to be refused */
    unsigned                  known:1;       /* "format" is chosen */
    unsigned                  warm:1;        /* a prefetch is to be awaited */
    unsigned                  warmed:1;      /* and it was */
    unsigned                  accepted:1;    /* it takes longer: 202 */
    unsigned                  ahead:1;       /* slices were asked for */
    unsigned                  taken:1;       /* a slice, by the client */
} ngx_voyo_ctx_t;


extern ngx_module_t  ngx_voyo_module;


/* ngx_voyo_module.c: a location needs the zone and Redis */
void ngx_voyo_use(ngx_conf_t *cf);

/* ngx_voyo_enter.c: notes a request of voyo_stream, in REWRITE */
ngx_int_t ngx_voyo_enter_handler(ngx_http_request_t *r);

/* ngx_voyo_stream.c: the handler of voyo_stream */
ngx_int_t ngx_voyo_stream_handler(ngx_http_request_t *r);

/* ngx_voyo_ctx.c: what a request asks for, NULL when it is none of ours */
ngx_voyo_ctx_t *ngx_voyo_ctx_get(ngx_http_request_t *r);

/* ngx_voyo_ctx.c: it begins, and is set; NULL: no memory */
ngx_voyo_ctx_t *ngx_voyo_ctx_create(ngx_http_request_t *r);

/* ngx_voyo_ctx.c: reads ctx->track; NULL, or what is wrong */
const ngx_voyo_problem_t *ngx_voyo_ctx_track(ngx_http_request_t *r,
    ngx_voyo_ctx_t *ctx);

/* ngx_voyo_origin.c: the handler of voyo_origin */
ngx_int_t ngx_voyo_origin_handler(ngx_http_request_t *r);

/* ngx_voyo_track.c: the handler of voyo_track */
ngx_int_t ngx_voyo_track_handler(ngx_http_request_t *r);

/* ngx_voyo_art.c: the handler of voyo_art */
ngx_int_t ngx_voyo_art_handler(ngx_http_request_t *r);

/* ngx_voyo_health.c: directive voyo_health */
char *ngx_voyo_health(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* ngx_voyo_balancer.c: directive voyo_media, in an upstream block */
char *ngx_voyo_media(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* ngx_voyo_variables.c: before the configuration is read */
ngx_int_t ngx_voyo_add_variables(ngx_conf_t *cf);


#endif /* _NGX_VOYO_MODULE_H_INCLUDED_ */
