
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_REPAIR_H_INCLUDED_
#define _NGX_VOYO_REPAIR_H_INCLUDED_


#include "ngx_voyo_origin_ctx.h"


/*
 * What is done when a media host did not give the slice: its redirect is
 * followed, or it is asked once more, or the URL's other host, or a newer URL
 * is wanted.  NGX_OK: "origin" is set for the next attempt; else it is over,
 * and "problem" says why.
 */
ngx_int_t ngx_voyo_repair(ngx_http_request_t *r, ngx_voyo_origin_t *origin);

/*
 * No address of the URL's host is usable ("lost"): the same, or "problem"
 * stays.
 */
void ngx_voyo_repair_lost(ngx_http_request_t *r, ngx_voyo_origin_t *origin);

/*
 * Whether a status of a media host's means something here: 1 or 0.  All
 * others but 206, and 200 of a picture, are as good as no answer.
 */
ngx_uint_t ngx_voyo_repair_knows(ngx_uint_t status);

#endif /* _NGX_VOYO_REPAIR_H_INCLUDED_ */
