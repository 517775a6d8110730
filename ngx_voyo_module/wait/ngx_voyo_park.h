
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_PARK_H_INCLUDED_
#define _NGX_VOYO_PARK_H_INCLUDED_


#include "ngx_voyo_module.h"
#include "ngx_voyo_problem.h"
#include "ngx_voyo_waiters.h"


/*
 * Parks a request until a track is known with a generation above
 * "newer_than".  nginx owns a parked request: at any moment its client may
 * disconnect, its timer may fire, or the worker may be told to quit.
 *
 * The handler is called once, unless the request ends before.  It copies what
 * it needs from the record and must not end the request: the phases are run
 * after it, and the phase handler that parked the request is called again.
 */
typedef void (*ngx_voyo_parked_pt)(ngx_http_request_t *r, void *data,
    ngx_voyo_outcome_e outcome, const voyo_record_t *record);

/*
 * NGX_AGAIN: parked, to be returned from the phase handler.  NGX_BUSY: too
 * many requests are parked.  NGX_DECLINED: Redis is not available.  NGX_ERROR.
 */
ngx_int_t ngx_voyo_park(ngx_http_request_t *r, ngx_str_t *track,
    uint64_t newer_than, ngx_voyo_parked_pt handler, void *data);

/*
 * Sets a request's event handlers to wait for something other than its
 * connection.  NGX_AGAIN, to be returned from the phase handler, or NGX_ERROR.
 */
ngx_int_t ngx_voyo_park_request(ngx_http_request_t *r);

/* Continues a parked request, which may be freed afterwards. */
void ngx_voyo_park_wake(ngx_http_request_t *r);

/* Responds to a result of ngx_voyo_park() other than NGX_AGAIN. */
ngx_int_t ngx_voyo_park_refused(ngx_http_request_t *r, ngx_int_t rc);

/* The problem for a wait that ended without a record. */
void ngx_voyo_park_problem(ngx_voyo_problem_t *problem,
    ngx_voyo_outcome_e outcome, const voyo_record_t *record);


#endif /* _NGX_VOYO_PARK_H_INCLUDED_ */
