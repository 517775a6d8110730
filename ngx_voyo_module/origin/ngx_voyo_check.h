
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_CHECK_H_INCLUDED_
#define _NGX_VOYO_CHECK_H_INCLUDED_


#include "ngx_voyo_origin_ctx.h"


/*
 * Checks by its header that a media host's response is what was requested.
 * Returns NULL, or what is wrong with the response, which is then neither
 * passed on nor cached (docs/upstream.md, N18).
 */
const char *ngx_voyo_check(ngx_http_upstream_t *u, ngx_voyo_origin_t *origin);

/*
 * Passes on only header fields that were checked: all others get a name that
 * nginx's proxy hides by default.
 */
void ngx_voyo_check_hide(ngx_http_upstream_t *u);


#endif /* _NGX_VOYO_CHECK_H_INCLUDED_ */
