
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_RANGE_H_INCLUDED_
#define _NGX_VOYO_RANGE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * Reads a Range header's value with a single range (RFC 9110, section 14.2)
 * for a representation of "size" bytes, as nginx's range filter does.
 *
 * NGX_OK: "start" and "last" are the bytes it denotes, inclusive.
 * NGX_DECLINED: another unit, or several ranges; not evaluated here.
 * NGX_HTTP_RANGE_NOT_SATISFIABLE: malformed, or beyond the representation.
 */
ngx_int_t ngx_voyo_range_parse(ngx_str_t *value, off_t size, off_t *start,
    off_t *last);


#endif /* _NGX_VOYO_RANGE_H_INCLUDED_ */
