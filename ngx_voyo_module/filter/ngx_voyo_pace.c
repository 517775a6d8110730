
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_pace.h"
#include "ngx_voyo_slice.h"


/*
 * nginx's slice filter starts the next slice as soon as the request has nothing
 * buffered, however much the connection still has to send (docs/upstream.md,
 * N10).  This filter mirrors the latter into the request, in the bit of the
 * image filter: the two cannot be used in one location.
 */

#define NGX_VOYO_PACE_BUFFERED  0x08

/* data for the socket; gzip and others use other bits (N32) */

#define NGX_VOYO_PACE_UNSENT                                                  \
    (NGX_LOWLEVEL_BUFFERED|NGX_HTTP_WRITE_BUFFERED)


static ngx_int_t ngx_voyo_pace_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);


static ngx_http_output_body_filter_pt  ngx_http_next_body_filter;


static ngx_int_t
ngx_voyo_pace_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_int_t             rc;
    ngx_chain_t          *cl;
    ngx_voyo_slices_t    *slices;
    ngx_voyo_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r->main, ngx_voyo_module);

    if (!vlcf->stream) {
        return ngx_http_next_body_filter(r, in);
    }

    slices = ngx_voyo_slices(r);

    if (slices) {

        /*
         * a slice is sent to its end: a rest below "postpone_output" would wait
         * for the next slice, which may wait for it, and needs the slice's pool
         */

        for (cl = in; cl; cl = cl->next) {
            slices->passed += ngx_buf_size(cl->buf);
            cl->buf->flush |= cl->buf->last_in_chain;
        }
    }

    rc = ngx_http_next_body_filter(r, in);

    if (rc == NGX_ERROR) {
        return rc;
    }

    if (r->connection->buffered & NGX_VOYO_PACE_UNSENT) {
        r->main->buffered |= NGX_VOYO_PACE_BUFFERED;

    } else {
        r->main->buffered &= ~NGX_VOYO_PACE_BUFFERED;

        if (slices && r == r->main) {
            ngx_voyo_slice_begin(r, slices);
        }
    }

    return rc;
}


void
ngx_voyo_pace_init(void)
{
    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_voyo_pace_body_filter;
}
