
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_HEADER_H_INCLUDED_
#define _NGX_VOYO_HEADER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* The value of the first field of a name, in any case; NULL: none. */
ngx_str_t *ngx_voyo_header_find(ngx_list_t *headers, const char *name);

/* How many fields have a name. */
ngx_uint_t ngx_voyo_header_count(ngx_list_t *headers, const char *name);

/* A field's value as a number of seconds; 0: none, or not one. */
ngx_uint_t ngx_voyo_header_seconds(ngx_list_t *headers, const char *name);

/*
 * Adds a field to an answer; name and value live on.  NULL: no memory, else
 * the field, for who keeps it in r->headers_out too.
 */
ngx_table_elt_t *ngx_voyo_header_add(ngx_http_request_t *r, const char *name,
    u_char *value, size_t len);


#endif /* _NGX_VOYO_HEADER_H_INCLUDED_ */
