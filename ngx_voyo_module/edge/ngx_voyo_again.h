
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_AGAIN_H_INCLUDED_
#define _NGX_VOYO_AGAIN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * "voyo_stream again" goes on with a request that voyo_stream began before, and
 * with no other: one that error_page brings here was refused by "internal",
 * "return", "deny", auth_request or a limit.  It is answered in REWRITE, before
 * what refused it can do so again.
 */
ngx_int_t ngx_voyo_again_handler(ngx_http_request_t *r);


#endif /* _NGX_VOYO_AGAIN_H_INCLUDED_ */
