
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_module.h"


/*
 * The pace runs after nginx's slice filter, which begins the next slice as
 * soon as nothing is buffered in the request, however much the connection
 * still has to send (docs/upstream.md, N10).  Here the one is made to show in
 * the other, in the bit that the image filter uses: the two can't be used in
 * one location.
 */

#define NGX_VOYO_PACE_BUFFERED  0x08


static ngx_int_t ngx_voyo_pace_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static ngx_int_t ngx_voyo_pace_filter_init(ngx_conf_t *cf);


static ngx_http_module_t  ngx_voyo_pace_filter_module_ctx = {
    NULL,                                  /* preconfiguration */
    ngx_voyo_pace_filter_init,             /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_voyo_pace_filter_module = {
    NGX_MODULE_V1,
    &ngx_voyo_pace_filter_module_ctx,      /* module context */
    NULL,                                  /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_http_output_body_filter_pt  ngx_http_next_body_filter;


static ngx_int_t
ngx_voyo_pace_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_int_t             rc;
    ngx_voyo_loc_conf_t  *vlcf;

    rc = ngx_http_next_body_filter(r, in);

    vlcf = ngx_http_get_module_loc_conf(r->main, ngx_voyo_module);

    if (!vlcf->stream || rc == NGX_ERROR) {
        return rc;
    }

    if (r->connection->buffered) {
        r->main->buffered |= NGX_VOYO_PACE_BUFFERED;

    } else {
        r->main->buffered &= ~NGX_VOYO_PACE_BUFFERED;
    }

    return rc;
}


static ngx_int_t
ngx_voyo_pace_filter_init(ngx_conf_t *cf)
{
    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_voyo_pace_body_filter;

    return NGX_OK;
}
