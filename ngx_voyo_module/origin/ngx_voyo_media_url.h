
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_MEDIA_URL_H_INCLUDED_
#define _NGX_VOYO_MEDIA_URL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* A media URL, and which hosts may be fetched from. */

typedef struct {
    ngx_str_t     scheme;         /* "http" or "https" */
    ngx_str_t     host;           /* as in a Host header */
    ngx_str_t     name;           /* without the port and IPv6's brackets */
    ngx_str_t     uri;            /* begins with a slash */
    in_port_t     port;
} ngx_voyo_media_url_t;


typedef struct {
    ngx_str_t     scheme;         /* empty: https on 443 */
    ngx_str_t     name;           /* with a leading dot: a suffix */
    in_port_t     port;
} ngx_voyo_host_t;


/*
 * Splits an absolute URL; the parts point into it.  NGX_DECLINED: it is not
 * http or https, has user information, or a host of other characters than
 * those of a name or an address.
 */
ngx_int_t ngx_voyo_media_url_parse(ngx_voyo_media_url_t *url,
    ngx_str_t *text);

/*
 * The same resource on the other host that a media URL names: of mn=a,b the
 * one that isn't in the host's name, at the number of fvip=N (docs/upstream.md,
 * G4).  "text" is the URL and "url" what was parsed of it.  NGX_DECLINED:
 * there is none; NGX_ERROR: no memory.
 */
ngx_int_t ngx_voyo_media_url_other(ngx_str_t *text, ngx_voyo_media_url_t *url,
    ngx_pool_t *pool, ngx_str_t *other);

/*
 * The entry of "voyo_media_hosts" that allows a URL; NULL: none does.  A name
 * with a leading dot allows all names that end with it, on https and port
 * 443; one with a scheme allows that origin (RFC 6454) alone.
 */
ngx_voyo_host_t *ngx_voyo_media_url_host(ngx_array_t *hosts,
    ngx_voyo_media_url_t *url);

/*
 * Whether an address may be connected to: 1 or 0.  Private, loopback and the
 * like may not, unless "host" lists the origin explicitly.
 */
ngx_uint_t ngx_voyo_media_url_address(ngx_voyo_host_t *host,
    struct sockaddr *sockaddr);

/* Directive "voyo_media_hosts name ..."; "conf" is an ngx_array_t **. */
char *ngx_voyo_media_hosts(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


#endif /* _NGX_VOYO_MEDIA_URL_H_INCLUDED_ */
