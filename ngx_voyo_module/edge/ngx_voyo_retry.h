
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_RETRY_H_INCLUDED_
#define _NGX_VOYO_RETRY_H_INCLUDED_


#include "ngx_voyo_edge_ctx.h"


/*
 * A slice in mid-track could not be fetched.  "r" is the client's request, or
 * the subrequest of a later slice.  A browser that resumes ends playback on an
 * error, and after a number of resumes (docs/upstream.md, B1, P3): so the
 * header that the record allows is sent at once, and the slice is requested
 * again and again for "voyo_retry_timeout".  Then, or if the problem is not
 * retryable, the connection is closed.
 *
 * NGX_AGAIN: the request is parked; when the phase handler is called again,
 * edge->retry.due is set, and it passes the request to the origin.
 * NGX_ERROR: the connection is to be closed.
 */
ngx_int_t ngx_voyo_retry(ngx_http_request_t *r, ngx_voyo_edge_t *edge,
    ngx_voyo_problem_t *problem);


#endif /* _NGX_VOYO_RETRY_H_INCLUDED_ */
