
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_AHEAD_H_INCLUDED_
#define _NGX_VOYO_AHEAD_H_INCLUDED_


#include "ngx_voyo_fill.h"

#include <ngx_http.h>


/*
 * The slices behind the one that a client is sent are fetched before it gets
 * there.
 */

typedef struct ngx_voyo_seen_s  ngx_voyo_seen_t;


/* Of a client's request, zeroed at first. */

typedef struct {
    off_t                 looked;        /* up to here */
    ngx_uint_t            hash;          /* of name and size of slices, or 0 */
    unsigned              asked:1;       /* slices were asked for */
    unsigned              taken:1;       /* a slice, by the client */
} ngx_voyo_ahead_t;


/* What a worker remembers of slices.  NULL: no memory. */
ngx_voyo_seen_t *ngx_voyo_ahead_create(ngx_cycle_t *cycle);

/*
 * "r" has looked up its slice.  Those behind it that are not in the cache, as
 * many as "voyo_ahead" says and not beyond the byte "last", are queued as
 * "request" has them; its offset is set here.
 */
void ngx_voyo_ahead(ngx_http_request_t *r, ngx_voyo_ahead_t *ahead,
    ngx_voyo_fill_request_t *request, off_t last);


#endif /* _NGX_VOYO_AHEAD_H_INCLUDED_ */
