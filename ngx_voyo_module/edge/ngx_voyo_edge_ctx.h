
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_EDGE_CTX_H_INCLUDED_
#define _NGX_VOYO_EDGE_CTX_H_INCLUDED_


#include "ngx_voyo_ahead.h"
#include "ngx_voyo_ctx.h"
#include "ngx_voyo_fill.h"
#include "ngx_voyo_follow.h"
#include "ngx_voyo_problem.h"
#include "ngx_voyo_zone.h"

#include "voyo_format.h"
#include "voyo_mp4.h"
#include "voyo_track.h"


/* The edge's context: the request and the representation it is served. */

typedef struct {
    ngx_voyo_ctx_t            ctx;

    void                    **loc_conf;      /* of the location it entered */
    ngx_str_t                 uri;           /* then */

    ngx_str_t                 track;         /* of "id" */
    char                      id[VOYO_TRACK_LEN + 1];
    voyo_quality_t            quality;
    voyo_codec_t              codec;

    voyo_format_t             format;
    ngx_str_t                 representation; /* in "name" */
    u_char                    name[VOYO_REPRESENTATION_MAX
                                   + sizeof(VOYO_MP4_MARK) - 1];
    off_t                     start;         /* requested bytes */
    off_t                     last;          /* inclusive */
    ngx_uint_t                accesses;      /* of the track, including this */
    ngx_uint_t                renewals;      /* of the representation */

    ngx_table_elt_t          *range;         /* the client's headers */
    ngx_table_elt_t          *if_range;
    ngx_str_t                 range_value;

    u_char                   *other;         /* track to prefetch, or NULL */
    ngx_voyo_fill_watch_t     watch;         /* of a HEAD that prefetches */
    ngx_voyo_follow_t         follow;        /* of the slice being sent */
    ngx_voyo_failure_t        failure;       /* of another's attempt at it */
    ngx_voyo_ahead_t          ahead;

    struct {
        ngx_msec_t            started;       /* the request for the slice */
        ngx_msec_t            began;         /* its first failure */
        unsigned              due:1;
    } retry;

    ngx_str_t                 body;          /* of voyo_track */
    ngx_atomic_t             *listeners;     /* that count it, or NULL */

    unsigned                  fill:1;        /* not a client's request */
    unsigned                  info:1;        /* of voyo_track */
    unsigned                  begun:1;       /* cannot be refused any more */
    unsigned                  known:1;       /* "format" is chosen */
    unsigned                  warm:1;        /* waits for its prefetch */
    unsigned                  warmed:1;      /* that wait is over */
    unsigned                  accepted:1;    /* it takes longer: 202 */
} ngx_voyo_edge_t;


/*
 * A request has entered a location with an id.  Creates and sets the context if
 * "edge" is NULL; if there is no memory, it has none.
 */
void ngx_voyo_edge_enter(ngx_http_request_t *r, ngx_voyo_edge_t *edge);

/*
 * The configuration of the location whose id a request is for, and the URI in
 * which that is: of the main request; or where it was refused; or if nginx has
 * selected none, of that with the longest prefix; or else the request's own.
 */
void **ngx_voyo_edge_location(ngx_http_request_t *r, ngx_str_t *uri);

/* The code of the request's problem, of a refused one by its status, or "". */
const char *ngx_voyo_edge_problem(ngx_http_request_t *r,
    ngx_voyo_edge_t *edge);

/* Parses edge->track.  NULL, or the problem. */
const ngx_voyo_problem_t *ngx_voyo_edge_track(ngx_http_request_t *r,
    ngx_voyo_edge_t *edge);

/* Whether the track that it is served was taken down meanwhile. */
ngx_uint_t ngx_voyo_edge_taken(ngx_voyo_edge_t *edge);


#endif /* _NGX_VOYO_EDGE_CTX_H_INCLUDED_ */
