
/*
 * Copyright (C) the VOYO authors
 */


/*
 * A media URL from Redis or a Location header, as the origin splits and
 * matches it: a host that is not listed must never be fetched from.  And a
 * Range header, against the bytes that a track has.
 */

#include "ngx_voyo_hosts.h"
#include "ngx_voyo_range.h"

#include <stdlib.h>


#define SIZE  3433514


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void fuzz_url(ngx_pool_t *pool, ngx_array_t *hosts, ngx_str_t *text);
static void fuzz_range(ngx_str_t *text);
static void check(int held);


volatile ngx_cycle_t  *ngx_cycle;


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ngx_str_t    listed[] = {
        ngx_string(".googlevideo.com"), ngx_string("http://127.0.0.1:8081")
    };
    static ngx_log_t     log;
    static ngx_conf_t    cf;
    static ngx_array_t  *hosts;

    ngx_str_t    text;
    ngx_pool_t  *pool;

    if (hosts == NULL) {
        ngx_pagesize = 4096;
        cf.log = &log;
        cf.pool = ngx_create_pool(4096, &log);
        hosts = ngx_array_create(cf.pool, 2, sizeof(ngx_voyo_host_t));

        check(ngx_voyo_hosts_add(&cf, hosts, &listed[0]) == NGX_OK);
        check(ngx_voyo_hosts_add(&cf, hosts, &listed[1]) == NGX_OK);
    }

    pool = ngx_create_pool(4096, &log);

    /* without a terminator, so that ASan sees one byte too many */

    text.len = size;
    text.data = ngx_alloc(size ? size : 1, &log);
    ngx_memcpy(text.data, data, size);

    fuzz_url(pool, hosts, &text);
    fuzz_range(&text);

    ngx_free(text.data);
    ngx_destroy_pool(pool);

    return 0;
}


static void
fuzz_url(ngx_pool_t *pool, ngx_array_t *hosts, ngx_str_t *text)
{
    size_t                 i;
    ngx_str_t              other;
    ngx_voyo_host_t       *host;
    ngx_voyo_media_url_t   url;

    static const char  suffix[] = ".googlevideo.com";

    if (ngx_voyo_media_url_parse(&url, text) != NGX_OK) {
        return;
    }

    check(url.name.len > 0 && url.uri.len > 0 && url.uri.data[0] == '/');
    check(url.uri.data + url.uri.len == text->data + text->len);

    for (i = 0; i < url.name.len; i++) {
        check(ngx_strlchr((u_char *) "/?#@\\%", (u_char *) "/?#@\\%" + 6,
                          url.name.data[i]) == NULL);
        check(url.name.data[i] > 0x20 && url.name.data[i] < 0x7f);
    }

    host = ngx_voyo_hosts_find(hosts, &url);

    if (host && host->scheme.len == 0) {
        check(url.scheme.len == 5 && url.port == 443);
        check(url.name.len > sizeof(suffix) - 1);
        check(ngx_strncasecmp(url.name.data + url.name.len
                              - (sizeof(suffix) - 1), (u_char *) suffix,
                              sizeof(suffix) - 1)
              == 0);

    } else if (host) {
        check(url.scheme.len == 4 && url.port == 8081);
        check(url.name.len == 9
              && ngx_strncmp(url.name.data, "127.0.0.1", 9) == 0);
    }

    /* it is split and matched like any other; a name may be of any length */

    if (ngx_voyo_media_url_other(text, &url, pool, &other) == NGX_OK) {
        check(other.len < 2 * text->len + NGX_INT_T_LEN);
    }
}


static void
fuzz_range(ngx_str_t *text)
{
    off_t  start, last;

    if (ngx_voyo_range_parse(text, SIZE, &start, &last) == NGX_OK) {
        check(start >= 0 && start <= last && last < SIZE);
    }
}


static void
check(int held)
{
    if (!held) {
        abort();
    }
}


/* What nginx's own files need and never call here. */

void
ngx_log_error_core(ngx_uint_t level, ngx_log_t *log, ngx_err_t err,
    const char *fmt, ...)
{
}


void
ngx_conf_log_error(ngx_uint_t level, ngx_conf_t *cf, ngx_err_t err,
    const char *fmt, ...)
{
}
