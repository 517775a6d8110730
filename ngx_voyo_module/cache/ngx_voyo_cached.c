
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_cached.h"

#include <ngx_md5.h>

#include <sys/statvfs.h>


#define NGX_VOYO_CACHE_ROOM    (1024 * 1024)    /* bytes, at least */
#define NGX_VOYO_CACHE_INODES  32


static ngx_uint_t ngx_voyo_cached_file(ngx_http_file_cache_t *cache,
    u_char *key);


ngx_int_t
ngx_voyo_cached(ngx_http_file_cache_t *cache, u_char *key)
{
    ngx_int_t                    stored;
    ngx_uint_t                   cold;
    ngx_http_file_cache_node_t  *fcn;

    cold = cache->sh->cold;

    ngx_shmtx_lock(&cache->shpool->mutex);

    fcn = ngx_voyo_cached_node(cache, key);
    stored = fcn == NULL ? NGX_DECLINED
             : fcn->exists ? NGX_OK
             : fcn->updating ? NGX_AGAIN : NGX_DECLINED;

    ngx_shmtx_unlock(&cache->shpool->mutex);

    if (stored == NGX_DECLINED && cold && ngx_voyo_cached_file(cache, key)) {

        /*
         * nginx has not loaded the cache's directory yet, and of two requests
         * for a slice the second may fetch it (docs/upstream.md, N29): reading
         * it ahead must not make the client fetch it.
         */

        return NGX_OK;
    }

    return stored;
}


ngx_http_file_cache_node_t *
ngx_voyo_cached_node(ngx_http_file_cache_t *cache, u_char *key)
{
    ngx_int_t                    rc;
    ngx_rbtree_key_t             hash;
    ngx_rbtree_node_t           *node, *sentinel;
    ngx_http_file_cache_node_t  *fcn;

    ngx_memcpy(&hash, key, sizeof(ngx_rbtree_key_t));

    node = cache->sh->rbtree.root;
    sentinel = cache->sh->rbtree.sentinel;

    while (node != sentinel) {

        if (hash != node->key) {
            node = (hash < node->key) ? node->left : node->right;
            continue;
        }

        fcn = (ngx_http_file_cache_node_t *) node;

        rc = ngx_memcmp(&key[sizeof(ngx_rbtree_key_t)], fcn->key,
                        NGX_HTTP_CACHE_KEY_LEN - sizeof(ngx_rbtree_key_t));

        if (rc == 0) {
            return fcn;
        }

        node = (rc < 0) ? node->left : node->right;
    }

    return NULL;
}


static ngx_uint_t
ngx_voyo_cached_file(ngx_http_file_cache_t *cache, u_char *key)
{
    u_char            name[NGX_MAX_PATH], *p;
    size_t            len;
    ngx_path_t       *path;
    ngx_file_info_t   fi;

    path = cache->path;
    len = path->name.len + 1 + path->len + 2 * NGX_HTTP_CACHE_KEY_LEN;

    if (len >= NGX_MAX_PATH) {
        return 0;
    }

    ngx_memcpy(name, path->name.data, path->name.len);

    p = ngx_hex_dump(name + path->name.len + 1 + path->len, key,
                     NGX_HTTP_CACHE_KEY_LEN);
    *p = '\0';

    ngx_create_hashed_filename(path, name, len);

    return ngx_file_info(name, &fi) != NGX_FILE_ERROR;
}


ngx_uint_t
ngx_voyo_cached_first(ngx_http_request_t *r, ngx_str_t *representation)
{
    u_char                     text[sizeof("bytes=0-") + NGX_SIZE_T_LEN];
    u_char                     key[NGX_HTTP_CACHE_KEY_LEN], *last;
    size_t                    *slice;
    ngx_md5_t                  md5;
    ngx_http_upstream_conf_t  *proxy;

    extern ngx_module_t  ngx_http_slice_filter_module;
    extern ngx_module_t  ngx_http_proxy_module;

    /* the only member of one type, and the first of the other (N40) */

    slice = ngx_http_get_module_loc_conf(r, ngx_http_slice_filter_module);
    proxy = ngx_http_get_module_loc_conf(r, ngx_http_proxy_module);

    if (*slice == 0 || proxy->cache_zone == NULL) {
        return 0;
    }

    last = ngx_sprintf(text, "bytes=0-%uz", *slice - 1);

    ngx_md5_init(&md5);
    ngx_md5_update(&md5, representation->data, representation->len);
    ngx_md5_update(&md5, text, last - text);
    ngx_md5_final(key, &md5);

    /* the file may be gone, whatever nginx remembers */

    return ngx_voyo_cached_file(proxy->cache_zone->data, key);
}


ngx_uint_t
ngx_voyo_cache_full(ngx_http_file_cache_t *cache)
{
    off_t            room;
    const char      *name;
    struct statvfs   fs;

    name = (char *) cache->path->name.data;

    /* in memory for a directory on a local disk that is in use */

    if (access(name, W_OK|X_OK) == -1 || statvfs(name, &fs) == -1) {
        return 1;
    }

    /* the other half is for slices that are being written */

    room = ngx_max(cache->min_free / 2, NGX_VOYO_CACHE_ROOM);

    return (off_t) (fs.f_bavail * fs.f_frsize) < room
           || (fs.f_files && fs.f_favail < NGX_VOYO_CACHE_INODES);
}


ngx_http_file_cache_t *
ngx_voyo_cache_of(ngx_voyo_main_conf_t *vmcf)
{
    ngx_uint_t                  i;
    ngx_http_upstream_conf_t   *proxy;
    ngx_http_core_loc_conf_t  **clcf;

    extern ngx_module_t  ngx_http_proxy_module;

    clcf = vmcf->streams.elts;

    for (i = 0; i < vmcf->streams.nelts; i++) {

        /* a prefix of its type (docs/upstream.md, N40) */

        proxy = clcf[i]->loc_conf[ngx_http_proxy_module.ctx_index];

        if (proxy->cache_zone) {
            return proxy->cache_zone->data;
        }
    }

    return NULL;
}
