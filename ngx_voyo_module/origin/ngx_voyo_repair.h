
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_REPAIR_H_INCLUDED_
#define _NGX_VOYO_REPAIR_H_INCLUDED_


#include "ngx_voyo_origin_ctx.h"


/*
 * Reacts to a media host that did not deliver the slice: follows its redirect,
 * retries, switches to the URL's other host, or requests a newer URL.  NGX_OK:
 * "origin" is set for the next attempt; otherwise there is none, and "problem"
 * says why.
 */
ngx_int_t ngx_voyo_repair(ngx_http_request_t *r, ngx_voyo_origin_t *origin);

/*
 * The same if no address of the URL's host is usable ("lost"); if there is no
 * next attempt, "problem" is unchanged.
 */
void ngx_voyo_repair_lost(ngx_http_request_t *r, ngx_voyo_origin_t *origin);

/*
 * Whether a media host's status has a reaction of its own: 1 or 0.  All others
 * except 206 are treated as no response.
 */
ngx_uint_t ngx_voyo_repair_knows(ngx_uint_t status);

#endif /* _NGX_VOYO_REPAIR_H_INCLUDED_ */
