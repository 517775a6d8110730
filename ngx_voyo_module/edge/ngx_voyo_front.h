
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_FRONT_H_INCLUDED_
#define _NGX_VOYO_FRONT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * Whether a proxy in front says which client a request is from.  If it visibly
 * does not, all of its clients are counted as one: this is logged once, and
 * kept in the counters for /health.
 */
void ngx_voyo_front(ngx_http_request_t *r);


#endif /* _NGX_VOYO_FRONT_H_INCLUDED_ */
