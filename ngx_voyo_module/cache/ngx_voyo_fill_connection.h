
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_FILL_CONNECTION_H_INCLUDED_
#define _NGX_VOYO_FILL_CONNECTION_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_event_connect.h>

#include "ngx_voyo_fill_message.h"


#define NGX_VOYO_FILL_REQUEST  768


/* A connection of the module to its own server, for one fill. */

typedef struct {
    ngx_peer_connection_t    peer;       /* "connection" NULL: not connected */
    void                   (*handler)(void *data);
    void                    *data;
    size_t                   len;
    size_t                   sent;
    u_char                   request[NGX_VOYO_FILL_REQUEST];
    ngx_voyo_fill_answer_t   answer;
} ngx_voyo_fill_connection_t;


/*
 * Connects, sends "len" bytes of "request" and receives "answer", until the
 * server closes the connection, it fails, or the worker closes idle
 * connections: then the handler is called once, not from within.  All fields
 * except "handler", "data", "len" and "request" are initially zeroed.
 */
ngx_int_t ngx_voyo_fill_connect(ngx_voyo_fill_connection_t *fc,
    ngx_addr_t *address, ngx_log_t *log);

/* Closes the connection, if there is one. */
void ngx_voyo_fill_close(ngx_voyo_fill_connection_t *fc);


#endif /* _NGX_VOYO_FILL_CONNECTION_H_INCLUDED_ */
