
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_PROBLEM_H_INCLUDED_
#define _NGX_VOYO_PROBLEM_H_INCLUDED_


#include "ngx_voyo_problems.h"

/*
 * Responds with a problem, from a phase handler.  A content handler sends it,
 * so that no error_page can intercept the response (docs/upstream.md, N21).
 * "problem" is copied to the request's context.  The caller must return what
 * this function returns.
 */
ngx_int_t ngx_voyo_problem(ngx_http_request_t *r,
    const ngx_voyo_problem_t *problem);

/* The same, from a content handler. */
ngx_int_t ngx_voyo_problem_send(ngx_http_request_t *r,
    const ngx_voyo_problem_t *problem);


#endif /* _NGX_VOYO_PROBLEM_H_INCLUDED_ */
