
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_ANSWER_H_INCLUDED_
#define _NGX_VOYO_ANSWER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * The content handler for responses made from the record alone: HEAD, 304, and
 * the header of a body that cannot be fetched, after which the connection is
 * closed.
 */
ngx_int_t ngx_voyo_answer(ngx_http_request_t *r);


#endif /* _NGX_VOYO_ANSWER_H_INCLUDED_ */
