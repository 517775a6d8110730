
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_HEADER_H_INCLUDED_
#define _NGX_VOYO_HEADER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* The value of the first field with a name, in any case; NULL: none. */
ngx_str_t *ngx_voyo_header_find(ngx_list_t *headers, const char *name);

/* The number of fields with a name. */
ngx_uint_t ngx_voyo_header_count(ngx_list_t *headers, const char *name);

/* A field's value in seconds; 0: no such field, or not a number. */
ngx_uint_t ngx_voyo_header_seconds(ngx_list_t *headers, const char *name);

/*
 * Adds a field to a response; name and value are not copied.  Returns the
 * field, for callers that store it in r->headers_out too, or NULL: no memory.
 */
ngx_table_elt_t *ngx_voyo_header_add(ngx_http_request_t *r, const char *name,
    u_char *value, size_t len);


#endif /* _NGX_VOYO_HEADER_H_INCLUDED_ */
