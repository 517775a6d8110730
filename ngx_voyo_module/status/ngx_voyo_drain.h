
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_DRAIN_H_INCLUDED_
#define _NGX_VOYO_DRAIN_H_INCLUDED_


#include "ngx_voyo_module.h"


/*
 * The content handler of voyo_drain.  POST sets the zone's flag "draining",
 * with which /health is unhealthy, DELETE clears it, GET and HEAD show it.
 */
ngx_int_t ngx_voyo_drain_handler(ngx_http_request_t *r);


#endif /* _NGX_VOYO_DRAIN_H_INCLUDED_ */
