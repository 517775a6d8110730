
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_PROBLEM_H_INCLUDED_
#define _NGX_VOYO_PROBLEM_H_INCLUDED_


#include "ngx_voyo_problems.h"

/*
 * Answers a request with a problem, from a phase handler: a content handler
 * does it, so that no error_page can catch the answer (docs/upstream.md,
 * N21).  "problem" is copied.  What it returns is to be returned.
 */
ngx_int_t ngx_voyo_problem(ngx_http_request_t *r,
    const ngx_voyo_problem_t *problem);

/* The same, from a content handler. */
ngx_int_t ngx_voyo_problem_send(ngx_http_request_t *r,
    const ngx_voyo_problem_t *problem);


#endif /* _NGX_VOYO_PROBLEM_H_INCLUDED_ */
