
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_ahead.h"
#include "ngx_voyo_cached.h"
#include "ngx_voyo_module.h"
#include "ngx_voyo_range.h"

#include <ngx_md5.h>

#include <sys/ioctl.h>
#include <linux/sockios.h>


#define NGX_VOYO_AHEAD_SEEN   1024      /* slices remembered */
#define NGX_VOYO_AHEAD_FRESH  5000      /* ms until it is checked again */


/* A slice seen in the cache, so that not every client has to check. */

typedef struct {
    ngx_uint_t            hash;          /* of its representation and size */
    off_t                 start;
    ngx_msec_t            time;
} ngx_voyo_slice_t;


struct ngx_voyo_seen_s {
    ngx_voyo_slice_t      slices[NGX_VOYO_AHEAD_SEEN];
};


/* A slice's place in a track, from the end of its key: "bytes=0-524287". */

typedef struct {
    ngx_str_t             name;          /* of the track's part of the key */
    off_t                 start;
    off_t                 size;          /* of all slices but the last */
} ngx_voyo_place_t;


static ngx_int_t ngx_voyo_ahead_place(ngx_http_cache_t *c,
    ngx_voyo_place_t *place);
static ngx_uint_t ngx_voyo_ahead_taken(ngx_connection_t *c, off_t size);
static ngx_uint_t ngx_voyo_ahead_there(ngx_http_request_t *r,
    ngx_voyo_ahead_t *ahead, ngx_voyo_fill_request_t *request,
    ngx_voyo_place_t *place, off_t start);


void
ngx_voyo_ahead(ngx_http_request_t *r, ngx_voyo_ahead_t *ahead,
    ngx_voyo_fill_request_t *request, off_t last)
{
    off_t                  start;
    ngx_uint_t             n;
    ngx_voyo_place_t       place;
    ngx_voyo_loc_conf_t   *vlcf;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);
    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    if (ahead->looked > last
        || vlcf->ahead == 0 || vlcf->fill || vmcf->fills == NULL
        || ngx_voyo_ahead_place(r->cache, &place) != NGX_OK)
    {
        return;
    }

    start = place.start + place.size;

    if (start > last) {
        return;
    }

    if (!ahead->taken) {
        ahead->taken = ngx_voyo_ahead_taken(r->connection, place.size);
    }

    /*
     * Only one slice ahead until the client has received one, so that a client
     * that stops after a few seconds costs little (docs/upstream.md, N10).
     */

    n = ahead->taken ? vlcf->ahead : 1;

    for ( /* void */ ; n && start <= last; n--, start += place.size) {

        if (start < ahead->looked) {

            /* done for the previous slice */

            continue;
        }

        if (!ngx_voyo_ahead_there(r, ahead, request, &place, start)) {

            request->offset = start;

            if (ngx_voyo_cache_full(r->cache->file_cache)
                || ngx_voyo_fill_add(vmcf->fills, request, NULL) != NGX_OK)
            {
                return;
            }

            ahead->asked = 1;
        }

        ahead->looked = start + place.size;
    }
}


static ngx_int_t
ngx_voyo_ahead_place(ngx_http_cache_t *c, ngx_voyo_place_t *place)
{
    off_t       last;
    u_char     *p, *end;
    ngx_str_t  *key, range;

    if (c->keys.nelts != 1 || c->file_cache == NULL) {
        return NGX_DECLINED;
    }

    key = c->keys.elts;
    end = key->data + key->len;

    for (p = end; p > key->data && p[-1] != '='; p--) { /* void */ }

    if (p - key->data < (ssize_t) sizeof("bytes=") - 1) {
        return NGX_DECLINED;
    }

    range.data = p - (sizeof("bytes=") - 1);
    range.len = end - range.data;

    if (ngx_voyo_range_parse(&range, NGX_MAX_OFF_T_VALUE, &place->start, &last)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    place->name.data = key->data;
    place->name.len = p - key->data;
    place->size = last - place->start + 1;

    return NGX_OK;
}


/* Whether the client itself has received the size of a slice. */

static ngx_uint_t
ngx_voyo_ahead_taken(ngx_connection_t *c, off_t size)
{
    int  unsent;

    return c->sent >= size
           && ioctl(c->fd, SIOCOUTQ, &unsent) != -1
           && c->sent - unsent >= size;
}


/* Whether a slice is in the cache, or being fetched. */

static ngx_uint_t
ngx_voyo_ahead_there(ngx_http_request_t *r, ngx_voyo_ahead_t *ahead,
    ngx_voyo_fill_request_t *request, ngx_voyo_place_t *place, off_t start)
{
    u_char                 text[sizeof("-") + 2 * NGX_OFF_T_LEN], *last;
    u_char                 key[NGX_HTTP_CACHE_KEY_LEN];
    ngx_int_t              rc;
    ngx_md5_t              md5;
    ngx_voyo_slice_t      *seen;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);

    if (ahead->hash == 0) {
        ahead->hash = ngx_murmur_hash2(request->representation->data,
                                       request->representation->len)
                      ^ (ngx_uint_t) place->size;
    }

    seen = &vmcf->seen->slices[(ahead->hash + start / place->size)
                               % NGX_VOYO_AHEAD_SEEN];

    if (seen->hash == ahead->hash && seen->start == start
        && ngx_current_msec - seen->time < NGX_VOYO_AHEAD_FRESH)
    {
        return 1;
    }

    last = ngx_sprintf(text, "%O-%O", start, start + place->size - 1);

    ngx_md5_init(&md5);
    ngx_md5_update(&md5, place->name.data, place->name.len);
    ngx_md5_update(&md5, text, last - text);
    ngx_md5_final(key, &md5);

    rc = ngx_voyo_cached(r->cache->file_cache, key);

    if (rc == NGX_OK) {
        seen->hash = ahead->hash;
        seen->start = start;
        seen->time = ngx_current_msec;
    }

    return rc != NGX_DECLINED;
}


ngx_voyo_seen_t *
ngx_voyo_ahead_create(ngx_cycle_t *cycle)
{
    return ngx_pcalloc(cycle->pool, sizeof(ngx_voyo_seen_t));
}
