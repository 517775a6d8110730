
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_conf_check.h"


#define NGX_VOYO_SLICE_MAX  1048576   /* bytes, docs/upstream.md, G1 */


static const char *ngx_voyo_conf_check_location(void **loc_conf);
static ngx_uint_t ngx_voyo_conf_check_again(ngx_array_t *pages);
static ngx_uint_t ngx_voyo_conf_check_variable(ngx_conf_t *cf,
    ngx_str_t *name);


void
ngx_voyo_conf_check(ngx_conf_t *cf, ngx_voyo_main_conf_t *vmcf)
{
    void                      **loc_conf;
    ngx_uint_t                  i, fills;
    const char                 *lacks;
    ngx_voyo_loc_conf_t        *vlcf;
    ngx_http_core_loc_conf_t  **clcf;

    static ngx_str_t  name = ngx_string("voyo_slice");

    clcf = vmcf->streams.elts;
    fills = 0;

    for (i = 0; i < vmcf->streams.nelts; i++) {

        loc_conf = clcf[i]->loc_conf;
        vlcf = loc_conf[ngx_voyo_module.ctx_index];
        fills |= vlcf->fill;

        lacks = ngx_voyo_conf_check_location(loc_conf);

        if (lacks) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "location \"%V\" with \"voyo_stream\" has %s",
                          &clcf[i]->name, lacks);
        }
    }

    if (i && !ngx_voyo_conf_check_variable(cf, &name)) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "no \"proxy_cache_key\" ends with $voyo_slice: clients "
                      "wait longer for slices, and none is read ahead");
    }

    if (vmcf->fill_url && !fills) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"voyo_fill\" has no location with the \"fill\" "
                      "parameter of \"voyo_stream\"");
    }
}


static const char *
ngx_voyo_conf_check_location(void **loc_conf)
{
    size_t                     *slice;
    ngx_voyo_loc_conf_t        *vlcf;
    ngx_http_core_loc_conf_t   *clcf;
    ngx_http_upstream_conf_t   *proxy;

    extern ngx_module_t  ngx_http_slice_filter_module;
    extern ngx_module_t  ngx_http_proxy_module;

    vlcf = loc_conf[ngx_voyo_module.ctx_index];
    clcf = loc_conf[ngx_http_core_module.ctx_index];

    /* the only member of one type, and the first member of the other */

    slice = loc_conf[ngx_http_slice_filter_module.ctx_index];
    proxy = loc_conf[ngx_http_proxy_module.ctx_index];

    if (clcf->handler == NULL) {
        return "no \"proxy_pass\"";
    }

    if (*slice == 0) {
        return "no \"slice\": media hosts refuse requests for a whole track";
    }

    if (*slice > NGX_VOYO_SLICE_MAX) {
        return "a \"slice\" above 1m, which media hosts refuse";
    }

    if (proxy->cache_zone == NULL && proxy->cache_value == NULL) {
        return "no \"proxy_cache\": each client fetches the track again";
    }

    if (proxy->cache_min_uses > 1) {
        return "\"proxy_cache_min_uses\" above 1: a prefetch stores nothing";
    }

    if (vlcf->fill && clcf->keepalive_timeout == 0) {
        return "a \"keepalive_timeout\" of 0: a fill never completes";
    }

    if (!ngx_voyo_conf_check_again(clcf->error_pages)) {
        return "no \"error_page\" to a location with \"voyo_stream again\": "
               "a resume receives an error";
    }

    return NULL;
}


static ngx_uint_t
ngx_voyo_conf_check_again(ngx_array_t *pages)
{
    ngx_uint_t            i;
    ngx_http_err_page_t  *page;

    if (pages == NULL) {
        return 0;
    }

    page = pages->elts;

    for (i = 0; i < pages->nelts; i++) {
        if (page[i].status == NGX_HTTP_BAD_GATEWAY
            && page[i].value.value.len
            && page[i].value.value.data[0] == '@')
        {
            return 1;
        }
    }

    return 0;
}


/* Whether anything in the configuration refers to a variable. */

static ngx_uint_t
ngx_voyo_conf_check_variable(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_uint_t                  i;
    ngx_http_variable_t        *v;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    v = cmcf->variables.elts;

    for (i = 0; i < cmcf->variables.nelts; i++) {
        if (v[i].name.len == name->len
            && ngx_strncasecmp(v[i].name.data, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}
