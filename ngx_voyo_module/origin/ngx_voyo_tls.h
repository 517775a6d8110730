
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_TLS_H_INCLUDED_
#define _NGX_VOYO_TLS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>


/*
 * A worker's TLS sessions with media hosts, by host and port: a new connection
 * to a known host takes a round trip and a signature less.  The oldest go
 * first.
 */

typedef struct ngx_voyo_tls_s  ngx_voyo_tls_t;


/* NULL: no memory. */
ngx_voyo_tls_t *ngx_voyo_tls_create(ngx_cycle_t *cycle);

#if (NGX_SSL)

/* The session of a host, which stays the table's; NULL: none. */
ngx_ssl_session_t *ngx_voyo_tls_get(ngx_voyo_tls_t *tls, ngx_str_t *host);

/* Takes over a session, in place of the one before. */
void ngx_voyo_tls_put(ngx_voyo_tls_t *tls, ngx_str_t *host,
    ngx_ssl_session_t *session);

#endif


#endif /* _NGX_VOYO_TLS_H_INCLUDED_ */
