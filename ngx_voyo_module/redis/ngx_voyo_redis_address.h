
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_REDIS_ADDRESS_H_INCLUDED_
#define _NGX_VOYO_REDIS_ADDRESS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "voyo_redis_url.h"

#if (VOYO_REDIS_TLS)
#include "voyo_redis_tls.h"
#endif


/* "voyo_redis". */

typedef struct ngx_voyo_redis_conf_s {
    voyo_redis_url_t       url;
    ngx_resolver_addr_t   *addrs;         /* of url.host, at configuration */
    ngx_uint_t             naddrs;
    ngx_resolver_t        *resolver;      /* for url.host; NULL: none */
#if (VOYO_REDIS_TLS)
    SSL_CTX               *tls;           /* NULL: not rediss:// */
#endif
    unsigned               literal:1;     /* url.host is an address */
} ngx_voyo_redis_conf_t;


/* The next address; the caller sets "conf", "handler" and "data". */

typedef struct {
    ngx_voyo_redis_conf_t   *conf;
    void                   (*handler)(void *data);
    void                    *data;
    ngx_resolver_ctx_t      *resolving;   /* NULL: no lookup in progress */
    char                     text[NGX_SOCKADDR_STRLEN];    /* empty: none */
} ngx_voyo_redis_address_t;


/*
 * Reads "voyo_redis url".  A name is resolved now; one that is not found is an
 * error of ngx_voyo_redis_conf_init(), unless there is a resolver.
 */
char *ngx_voyo_redis_conf(ngx_conf_t *cf, ngx_str_t *text,
    ngx_voyo_redis_conf_t *conf);
char *ngx_voyo_redis_conf_init(ngx_conf_t *cf, ngx_voyo_redis_conf_t *conf,
    ngx_resolver_t *resolver);

/*
 * Sets "text" to the next address of the host, and calls the handler, now or
 * later.  The first address is one of the configuration; then the name is
 * resolved each time, and all its addresses are used in turn.  If it cannot be
 * resolved, those of the configuration are.
 */
void ngx_voyo_redis_address_find(ngx_voyo_redis_address_t *address);

/* The handler is not called any more. */
void ngx_voyo_redis_address_stop(ngx_voyo_redis_address_t *address);


#endif /* _NGX_VOYO_REDIS_ADDRESS_H_INCLUDED_ */
