
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_AGAIN_H_INCLUDED_
#define _NGX_VOYO_AGAIN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * In REWRITE, for a location with voyo_stream.  "again" goes on with a request
 * that voyo_stream has begun, and with no other: one that error_page brings
 * there was refused by "internal", "return", "deny", auth_request or a limit.
 * The same holds for any other location, once a request has been in one.  It is
 * answered here, before what refused it can do so again.
 */
ngx_int_t ngx_voyo_again_handler(ngx_http_request_t *r);


#endif /* _NGX_VOYO_AGAIN_H_INCLUDED_ */
