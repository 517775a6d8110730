
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_CHECK_H_INCLUDED_
#define _NGX_VOYO_CHECK_H_INCLUDED_


#include "ngx_voyo_origin_ctx.h"


/*
 * Whether a media host's answer is what was asked for, by its header.  NULL, or
 * what is wrong with it: then it is neither passed on nor cached
 * (docs/upstream.md, N18).
 */
const char *ngx_voyo_check(ngx_http_upstream_t *u, ngx_voyo_origin_t *origin);

/*
 * Nothing of a media host's goes on but what was looked at: all other fields
 * get a name that nginx's proxy hides by default.
 */
void ngx_voyo_check_hide(ngx_http_upstream_t *u);


#endif /* _NGX_VOYO_CHECK_H_INCLUDED_ */
