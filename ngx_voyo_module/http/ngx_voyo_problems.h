
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_PROBLEMS_H_INCLUDED_
#define _NGX_VOYO_PROBLEMS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


typedef struct ngx_voyo_problem_s  ngx_voyo_problem_t;


/* An error response of the module: application/problem+json (RFC 9457). */

struct ngx_voyo_problem_s {
    ngx_uint_t        status;
    const char       *code;           /* for programs */
    const char       *title;          /* for people; plain ASCII, no quotes */
    ngx_uint_t        retry_after;    /* seconds, 0: none */
    ngx_uint_t        retryable;
    off_t             size;           /* of 416: the track's, in bytes */
};


/* The origin's status for "representation_gone": the edge chooses again. */

#define NGX_VOYO_GONE  410


extern const ngx_voyo_problem_t  ngx_voyo_problem_track;
extern const ngx_voyo_problem_t  ngx_voyo_problem_quality;
extern const ngx_voyo_problem_t  ngx_voyo_problem_codec;
extern const ngx_voyo_problem_t  ngx_voyo_problem_prefetch;
extern const ngx_voyo_problem_t  ngx_voyo_problem_changed;
extern const ngx_voyo_problem_t  ngx_voyo_problem_method;
extern const ngx_voyo_problem_t  ngx_voyo_problem_range;
extern const ngx_voyo_problem_t  ngx_voyo_problem_busy;
extern const ngx_voyo_problem_t  ngx_voyo_problem_room;
extern const ngx_voyo_problem_t  ngx_voyo_problem_memory;
extern const ngx_voyo_problem_t  ngx_voyo_problem_redis;
extern const ngx_voyo_problem_t  ngx_voyo_problem_resolver;
extern const ngx_voyo_problem_t  ngx_voyo_problem_timeout;
extern const ngx_voyo_problem_t  ngx_voyo_problem_request;
extern const ngx_voyo_problem_t  ngx_voyo_problem_client;
extern const ngx_voyo_problem_t  ngx_voyo_problem_refused;
extern const ngx_voyo_problem_t  ngx_voyo_problem_limited;
extern const ngx_voyo_problem_t  ngx_voyo_problem_media;
extern const ngx_voyo_problem_t  ngx_voyo_problem_host;
extern const ngx_voyo_problem_t  ngx_voyo_problem_gone;
extern const ngx_voyo_problem_t  ngx_voyo_problem_broken;
extern const ngx_voyo_problem_t  ngx_voyo_problem_slice;
extern const ngx_voyo_problem_t  ngx_voyo_problem_taken;


/*
 * The problem of a response from the module's other servers: found by its code,
 * from the header X-Voyo-Problem, or by its status if there is no code.
 */
void ngx_voyo_problem_named(ngx_voyo_problem_t *problem, ngx_uint_t status,
    ngx_str_t *code);

/* The problem of a request that nginx refused, or the application. */
void ngx_voyo_problem_refusal(ngx_voyo_problem_t *problem, ngx_uint_t status);


#endif /* _NGX_VOYO_PROBLEMS_H_INCLUDED_ */
