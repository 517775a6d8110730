
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_FILL_MESSAGE_H_INCLUDED_
#define _NGX_VOYO_FILL_MESSAGE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "voyo_format.h"
#include "voyo_track.h"


typedef struct {
    u_char           *track;             /* VOYO_TRACK_LEN characters */
    voyo_quality_t    quality;
    voyo_codec_t      codec;
    off_t             offset;            /* of a byte of the slice */
    ngx_str_t        *representation;    /* NULL: whichever is chosen, */
    ngx_uint_t        unknown;           /* then: it is resolved first */
    ngx_str_t        *client;            /* to count it for, or NULL */
    ngx_str_t         request_id;        /* of the client's, or empty */
    ngx_connection_t *owner;             /* that it is for, or NULL */
} ngx_voyo_fill_request_t;


/*
 * The messages of a fill: two pipelined requests.  The header of the first
 * response arrives before the slice has been stored; the second response only
 * after that, and only if the slice was stored.
 */

#define NGX_VOYO_FILL_URI_MAX  64

/*
 * Writes both requests, below "uri", to "buf" and returns their length, or 0 if
 * there is no room.  The first "key" bytes identify the slice.
 */
size_t ngx_voyo_fill_message(u_char *buf, size_t size, ngx_str_t *uri,
    ngx_voyo_fill_request_t *request, size_t *key);

/* The parser's state, initially zeroed. */

typedef struct {
    ngx_uint_t        status;            /* of the first response */
    ngx_uint_t        retry_after;       /* s, of the first response */
    ngx_uint_t        headers;           /* complete ones */
    size_t            len;               /* of the line so far */
    u_char            line[64];          /* its beginning */
} ngx_voyo_fill_answer_t;


/* Parses received data, in pieces of any size. */
void ngx_voyo_fill_read(ngx_voyo_fill_answer_t *answer, u_char *p, size_t len);

/* The "status" for ngx_voyo_fill_pt, once everything was received. */
ngx_uint_t ngx_voyo_fill_status(ngx_voyo_fill_answer_t *answer);


#endif /* _NGX_VOYO_FILL_MESSAGE_H_INCLUDED_ */
