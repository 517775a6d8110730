
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_MODULE_H_INCLUDED_
#define _NGX_VOYO_MODULE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * The configuration.  All parts read it, and it depends on none of them: the
 * state that a part keeps in a worker is a pointer that only the part itself
 * dereferences.
 */

typedef struct {
    ngx_shm_zone_t                 *shm_zone;      /* of voyo_zone */
    struct ngx_voyo_redis_conf_s   *redis;         /* NULL: not set */
    ngx_str_t                       egress;
    ngx_array_t                    *hosts;         /* of ngx_voyo_host_t */
    ngx_array_t                    *private;       /* of ngx_cidr_t */
    ngx_url_t                      *fill_url;      /* NULL: no fills */
    ngx_uint_t                      family;        /* of hosts: AF_... */
    ngx_uint_t                      codec;         /* voyo_codec_t */
    ngx_uint_t                      tolerance;     /* per cent */
    ngx_flag_t                      mp4_header;    /* to be corrected */
    ngx_flag_t                      ignore_term;   /* the signal */
    ngx_str_t                       log_dropped;   /* file with a number */
    ngx_uint_t                      waiters;       /* at most, per worker */
    ngx_uint_t                      used;          /* by some location */
    ngx_array_t                     streams;       /* locations' core conf */
    ngx_int_t                       slice_range;   /* the variable's index */
    ngx_int_t                       request_id;    /* the same */
    uint32_t                        salt;          /* of clients' keys */

    /* per worker */

    u_char                          worker[sizeof("12345678.")
                                           + NGX_INT64_LEN];  /* its name */
    struct ngx_voyo_redis_s        *connection;
    struct ngx_voyo_waiters_s      *wait;
    struct ngx_voyo_follows_s      *follows;
    struct ngx_voyo_seen_s         *seen;
    struct ngx_voyo_fills_s        *fills;         /* or NULL */
} ngx_voyo_main_conf_t;


typedef struct {
    ngx_http_handler_pt             handler;       /* in PRECONTENT */
    ngx_http_complex_value_t       *id;            /* of a track */
    ngx_http_complex_value_t       *quality;
    ngx_http_complex_value_t       *codec;
    ngx_http_complex_value_t       *prefetch;
    ngx_http_complex_value_t       *artwork;
    ngx_http_complex_value_t       *details;       /* of /health */
    ngx_http_complex_value_t       *request_id;    /* or NULL */
    ngx_array_t                    *locations;     /* a server's, with an id */
    ngx_uint_t                      stream;        /* voyo_stream is here */
    ngx_uint_t                      fill;          /* with "fill" */
    ngx_uint_t                      again;         /* with "again" */
    ngx_uint_t                      origin;        /* voyo_origin is here */
    ngx_uint_t                      ahead;         /* slices */
    ngx_msec_t                      resolve_timeout;
    ngx_msec_t                      retry_timeout;
} ngx_voyo_loc_conf_t;


extern ngx_module_t  ngx_voyo_module;


#endif /* _NGX_VOYO_MODULE_H_INCLUDED_ */
