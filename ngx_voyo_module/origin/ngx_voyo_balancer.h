
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_BALANCER_H_INCLUDED_
#define _NGX_VOYO_BALANCER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * Directive "voyo_media": an upstream whose peer is the host of the URL that
 * the origin has chosen.
 */
ngx_int_t ngx_voyo_balancer_init(ngx_conf_t *cf,
    ngx_http_upstream_srv_conf_t *us);


#endif /* _NGX_VOYO_BALANCER_H_INCLUDED_ */
