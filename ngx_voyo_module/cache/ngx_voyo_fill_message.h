
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_FILL_MESSAGE_H_INCLUDED_
#define _NGX_VOYO_FILL_MESSAGE_H_INCLUDED_


#include "ngx_voyo_fill.h"


/*
 * What a fill says and is told: two requests in one.  The first is answered
 * with its header, before the slice has been stored; the second only after
 * that, if it was.
 */

/*
 * Writes both to "buf" and returns their length, 0: no room.  The first "key"
 * bytes name the slice.
 */
size_t ngx_voyo_fill_message(u_char *buf, size_t size,
    ngx_voyo_fill_request_t *request, size_t *key);

/*
 * Reads all that was answered.  Returns what ngx_voyo_fill_pt is called with,
 * "retry_after" too.
 */
ngx_uint_t ngx_voyo_fill_status(u_char *p, size_t len,
    ngx_uint_t *retry_after);


#endif /* _NGX_VOYO_FILL_MESSAGE_H_INCLUDED_ */
