
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_HOSTS_H_INCLUDED_
#define _NGX_VOYO_HOSTS_H_INCLUDED_


#include "ngx_voyo_media_url.h"


/* The hosts that media may be fetched from. */

typedef struct {
    ngx_str_t     scheme;         /* empty: https on 443 */
    ngx_str_t     name;           /* with a leading dot: a suffix */
    in_port_t     port;
} ngx_voyo_host_t;


/*
 * The entry of "voyo_media_hosts" that allows a URL; NULL: none does.  A name
 * with a leading dot allows all names that end with it, on https and port
 * 443; one with a scheme allows that origin (RFC 6454) alone.
 */
ngx_voyo_host_t *ngx_voyo_hosts_find(ngx_array_t *hosts,
    ngx_voyo_media_url_t *url);

/*
 * Whether an address may be connected to: 1 or 0.  Private, loopback and the
 * like may not, unless "host" lists the origin explicitly.
 */
ngx_uint_t ngx_voyo_hosts_address(ngx_voyo_host_t *host, ngx_array_t *private,
    struct sockaddr *sockaddr);

/* These addresses, an array of ngx_cidr_t.  NULL: no memory. */
ngx_array_t *ngx_voyo_hosts_private(ngx_conf_t *cf);

/*
 * Adds an entry of "voyo_media_hosts" to an array of ngx_voyo_host_t.
 * NGX_ERROR: it is invalid, which is logged, or no memory.
 */
ngx_int_t ngx_voyo_hosts_add(ngx_conf_t *cf, ngx_array_t *hosts,
    ngx_str_t *value);


#endif /* _NGX_VOYO_HOSTS_H_INCLUDED_ */
