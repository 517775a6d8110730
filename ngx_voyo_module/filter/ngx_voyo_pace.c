
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_pace.h"


/*
 * nginx's slice filter begins the next slice as soon as nothing is buffered in
 * the request, however much the connection still has to send
 * (docs/upstream.md, N10).  Here the one is made to show in the other, in the
 * bit that the image filter uses: the two can't be used in one location.
 */

#define NGX_VOYO_PACE_BUFFERED  0x08


static ngx_int_t ngx_voyo_pace_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);


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


void
ngx_voyo_pace_init(void)
{
    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_voyo_pace_body_filter;
}
