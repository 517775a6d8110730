
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_MEDIA_URL_H_INCLUDED_
#define _NGX_VOYO_MEDIA_URL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* The parts of a media URL. */

typedef struct {
    ngx_str_t     scheme;         /* "http" or "https" */
    ngx_str_t     host;           /* as in a Host header */
    ngx_str_t     name;           /* without the port and IPv6's brackets */
    ngx_str_t     uri;            /* begins with a slash */
    in_port_t     port;
} ngx_voyo_media_url_t;


/*
 * Splits an absolute URL; the parts point into it.  NGX_DECLINED: it is not
 * http or https, has user information, or has a host with characters that
 * occur in neither a name nor an address.
 */
ngx_int_t ngx_voyo_media_url_parse(ngx_voyo_media_url_t *url,
    ngx_str_t *text);

/*
 * The same resource on the other host that a media URL names: of mn=a,b the
 * one that is not in the host's name, with the number of fvip=N
 * (docs/upstream.md, G4).  "text" is the URL and "url" its parsed parts.
 * NGX_DECLINED: there is none; NGX_ERROR: no memory.
 */
ngx_int_t ngx_voyo_media_url_other(ngx_str_t *text, ngx_voyo_media_url_t *url,
    ngx_pool_t *pool, ngx_str_t *other);


#endif /* _NGX_VOYO_MEDIA_URL_H_INCLUDED_ */
