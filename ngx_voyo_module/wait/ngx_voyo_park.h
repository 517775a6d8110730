
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
 * "newer_than".  nginx owns a parked request: its client may leave, its timer
 * fire, the worker be told to quit, at any moment.
 *
 * The handler is called once, unless the request ends before; it takes what
 * it needs from the record and may not end the request: the phases are run
 * after it, the phase handler that parked is called again.
 */
typedef void (*ngx_voyo_parked_pt)(ngx_http_request_t *r, void *data,
    ngx_voyo_outcome_e outcome, const voyo_record_t *record);

/*
 * NGX_AGAIN: parked, to be returned from the phase handler.  NGX_BUSY: too
 * many are parked.  NGX_DECLINED: Redis is gone.  NGX_ERROR.
 */
ngx_int_t ngx_voyo_park(ngx_http_request_t *r, ngx_str_t *track,
    uint64_t newer_than, ngx_voyo_parked_pt handler, void *data);

/*
 * Sets a request's event handlers for a wait outside of its connection.
 * NGX_AGAIN, to be returned from the phase handler, or NGX_ERROR.
 */
ngx_int_t ngx_voyo_park_request(ngx_http_request_t *r);

/* Goes on with a parked request; it may be gone afterwards. */
void ngx_voyo_park_wake(ngx_http_request_t *r);

/* What ngx_voyo_park() returned but NGX_AGAIN, answered. */
ngx_int_t ngx_voyo_park_refused(ngx_http_request_t *r, ngx_int_t rc);

/* What a wait ended with that brought no record, as a problem. */
void ngx_voyo_park_problem(ngx_voyo_problem_t *problem,
    ngx_voyo_outcome_e outcome, const voyo_record_t *record);


#endif /* _NGX_VOYO_PARK_H_INCLUDED_ */
