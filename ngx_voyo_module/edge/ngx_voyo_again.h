
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_AGAIN_H_INCLUDED_
#define _NGX_VOYO_AGAIN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * Runs in REWRITE, in a location with voyo_stream or voyo_track, and keeps
 * which one the request has entered.  "again" continues only requests that
 * voyo_stream has begun: any other that error_page redirects there was refused
 * by "internal", "return", "deny", auth_request or a limit.  The same applies
 * to any other location, once a request has been in one.  Such a request is
 * answered here, before it can be refused again.
 */
ngx_int_t ngx_voyo_again_handler(ngx_http_request_t *r);


#endif /* _NGX_VOYO_AGAIN_H_INCLUDED_ */
