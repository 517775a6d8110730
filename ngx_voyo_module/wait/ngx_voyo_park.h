
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_PARK_H_INCLUDED_
#define _NGX_VOYO_PARK_H_INCLUDED_


#include "ngx_voyo_ctx.h"

#include "voyo_record.h"


/*
 * Parks a request until a track is known with a generation above
 * "newer_than".  nginx owns a parked request: at any moment its client may
 * disconnect, its timer may fire, or the worker may be told to quit.
 *
 * The wait ends with the record, for which the handler is called, or with
 * ctx->problem.  The handler copies what it needs from the record and must not
 * end the request: the phases are run after it, and the phase handler that
 * parked the request is called again.
 */
typedef void (*ngx_voyo_parked_pt)(ngx_voyo_ctx_t *ctx,
    const voyo_record_t *record);

/*
 * NGX_AGAIN: parked, to be returned from the phase handler.  NGX_DECLINED: not
 * parked, and ctx->problem is set.
 */
ngx_int_t ngx_voyo_park(ngx_voyo_ctx_t *ctx, ngx_str_t *track,
    uint64_t newer_than, ngx_voyo_parked_pt handler);

/*
 * Sets a request's event handlers to wait for something other than its
 * connection.  NGX_AGAIN, to be returned from the phase handler, or NGX_ERROR.
 */
ngx_int_t ngx_voyo_park_request(ngx_http_request_t *r);

/* Continues a parked request, which may be freed afterwards. */
void ngx_voyo_park_wake(ngx_http_request_t *r);


#endif /* _NGX_VOYO_PARK_H_INCLUDED_ */
