
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_FAILURES_H_INCLUDED_
#define _NGX_VOYO_FAILURES_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "voyo_format.h"
#include "voyo_mp4.h"


/*
 * The last slices that the origin could not fetch, in the zone.  Requests that
 * waited for such an attempt, in any worker, end with it, instead of repeating
 * it one after another.
 */

#define NGX_VOYO_FAILURES  32


typedef struct {
    u_char            representation[VOYO_REPRESENTATION_MAX
                                     + sizeof(VOYO_MP4_MARK) - 1];
    off_t             start;           /* of the slice */
    ngx_msec_t        time;
    ngx_uint_t        status;          /* 0: none */
    ngx_uint_t        retry_after;     /* seconds, or 0 */
    u_char            code[24];        /* of the problem */
} ngx_voyo_failure_t;


typedef struct {
    ngx_shmtx_t        *mutex;         /* of the zone */
    ngx_uint_t          next;
    ngx_msec_t          newest;        /* when it was stored */
    ngx_voyo_failure_t  last[NGX_VOYO_FAILURES];
} ngx_voyo_failures_t;


/*
 * Stores a failure, with the current time.  "representation" and "code" end
 * with a zero and fit.
 */
void ngx_voyo_failures_add(ngx_voyo_failures_t *failures,
    const ngx_voyo_failure_t *failure);

/*
 * Whether any was stored after "since", without the lock: each request that
 * waits for a slice asks every 10 ms.
 */
ngx_uint_t ngx_voyo_failures_since(ngx_voyo_failures_t *failures,
    ngx_msec_t since);

/*
 * Copies out a failure of the slice that is newer than "since".  NGX_DECLINED:
 * there is none.
 */
ngx_int_t ngx_voyo_failures_find(ngx_voyo_failures_t *failures,
    ngx_str_t *representation, off_t start, ngx_msec_t since,
    ngx_voyo_failure_t *failure);


#endif /* _NGX_VOYO_FAILURES_H_INCLUDED_ */
