
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_ORIGIN_CTX_H_INCLUDED_
#define _NGX_VOYO_ORIGIN_CTX_H_INCLUDED_


#include "ngx_voyo_ctx.h"
#include "ngx_voyo_hosts.h"
#include "ngx_voyo_problem.h"
#include "ngx_voyo_zone.h"


/* The origin's state of a request for one slice. */

typedef struct {
    ngx_voyo_ctx_t         ctx;             /* "timer": until "not_before" */

    ngx_str_t              track;
    ngx_str_t              representation;  /* in the record */
    ngx_str_t              etag;            /* the name, quoted */
    ngx_str_t              range;           /* the slice, as a header */
    off_t                  size;            /* of the representation */
    off_t                  slice;           /* its first byte */
    off_t                  start;           /* the slice, or the rest of it */
    off_t                  last;            /* inclusive */

    ngx_voyo_source_t      source;
    uint64_t               newer_than;      /* a source must be */
    ngx_voyo_media_url_t   url;             /* to be fetched now */
    ngx_voyo_host_t       *host;            /* that allows it */

    ngx_sockaddr_t         sockaddr;
    socklen_t              socklen;
    ngx_resolver_ctx_t    *resolving;

    ngx_uint_t             attempts;
    ngx_uint_t             refreshes;
    ngx_uint_t             hops;
    ngx_uint_t             retries;

    ngx_http_request_t    *rest;            /* fetches that, or NULL */
    ngx_uint_t             rests;           /* attempts */
    ngx_msec_t             broken;          /* when the first was needed */
    off_t                  continued;       /* from here by the last one */

    ngx_buf_t             *header;          /* of an MP4, held back, or NULL */

    ngx_int_t            (*process_header)(ngx_http_request_t *r);
    ngx_int_t            (*reinit_request)(ngx_http_request_t *r);

    unsigned               sourced:1;       /* "source" and "url" are set */
    unsigned               addressed:1;     /* "sockaddr" is set */
    unsigned               in_handler:1;
    unsigned               lost:1;          /* no address of "url" is usable */
    unsigned               moved:1;         /* to the URL's other host */
    unsigned               found:1;         /* "source" is not the record's */
    unsigned               mp4_header:1;    /* to be corrected */
    unsigned               passing:1;       /* a 206 is passed on */
    unsigned               keepalive:1;     /* its connection */
} ngx_voyo_origin_t;


#endif /* _NGX_VOYO_ORIGIN_CTX_H_INCLUDED_ */
