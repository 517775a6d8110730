
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_FILL_MESSAGE_H_INCLUDED_
#define _NGX_VOYO_FILL_MESSAGE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "voyo_format.h"
#include "voyo_track.h"


typedef struct {
    u_char           *track;             /* VOYO_TRACK_LEN characters */
    voyo_quality_t    quality;
    voyo_codec_t      codec;
    off_t             offset;            /* of a byte of the slice */
    ngx_str_t        *representation;    /* NULL: whichever is chosen */
    ngx_str_t        *client;            /* whose limit counts it, or NULL */
    ngx_connection_t *owner;             /* for whom it is, or NULL */
} ngx_voyo_fill_request_t;


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
