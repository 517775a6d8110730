
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_CACHED_H_INCLUDED_
#define _NGX_VOYO_CACHED_H_INCLUDED_


#include "ngx_voyo_module.h"


/*
 * Whether nginx's cache contains a key, the MD5 of proxy_cache_key's value.
 *
 * NGX_OK: it does, or the file exists and will be found; NGX_AGAIN: it is being
 * fetched; NGX_DECLINED: neither.
 */
ngx_int_t ngx_voyo_cached(ngx_http_file_cache_t *cache, u_char *key);

/* The cache's node of a key, or NULL.  With the lock of cache->shpool. */
ngx_http_file_cache_node_t *ngx_voyo_cached_node(ngx_http_file_cache_t *cache,
    u_char *key);

/*
 * Whether the first slice of a representation is stored in the cache of the
 * location of "r", under the key $voyo_representation$voyo_slice; 0 also if
 * that cannot be told.
 */
ngx_uint_t ngx_voyo_cached_first(ngx_http_request_t *r,
    ngx_str_t *representation);

/*
 * Whether a response cannot be stored: the directory is missing or not
 * writable, or its disk has less than half of min_free, or no inodes, left.
 * nginx would end such a response without sending anything (docs/upstream.md,
 * N37).
 */
ngx_uint_t ngx_voyo_cache_full(ngx_http_file_cache_t *cache);

/* The cache of the first location with voyo_stream that has one, or NULL. */
ngx_http_file_cache_t *ngx_voyo_cache_of(ngx_voyo_main_conf_t *vmcf);


#endif /* _NGX_VOYO_CACHED_H_INCLUDED_ */
