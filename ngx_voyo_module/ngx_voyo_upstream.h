
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_UPSTREAM_H_INCLUDED_
#define _NGX_VOYO_UPSTREAM_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* The first field of a name in a header; NULL: none. */
ngx_str_t *ngx_voyo_header(ngx_list_t *headers, const char *name, size_t len);

/* A field of an upstream's answer by its lower-case name; NULL: none. */
ngx_str_t *ngx_voyo_upstream_header(ngx_http_upstream_t *u, const char *name,
    size_t len);

/* Its Retry-After in seconds; 0: none. */
ngx_uint_t ngx_voyo_upstream_retry_after(ngx_http_upstream_t *u);


#endif /* _NGX_VOYO_UPSTREAM_H_INCLUDED_ */
