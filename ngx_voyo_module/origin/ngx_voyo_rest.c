
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_origin.h"
#include "ngx_voyo_origin_ctx.h"
#include "ngx_voyo_rest.h"


/*
 * When a media host's body breaks off, the rest of the slice is fetched by a
 * subrequest.  It is one more attempt of the same origin request: its handler
 * repairs as after any failure, its response is checked as any, and its body
 * continues at the byte after the last that was passed on.
 */

static ngx_int_t ngx_voyo_rest_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_voyo_rest_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static ngx_int_t ngx_voyo_rest_fetch(ngx_http_request_t *r,
    ngx_voyo_origin_t *origin);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


static ngx_int_t
ngx_voyo_rest_header_filter(ngx_http_request_t *r)
{
    ngx_voyo_origin_t    *origin;
    ngx_voyo_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    if (vlcf->origin) {

        origin = ngx_voyo_ctx_get(r, NGX_VOYO_ORIGIN);

        if (r->headers_out.status != NGX_HTTP_PARTIAL_CONTENT) {

            /* an error must not follow the audio */

            if (r != r->main) {
                return NGX_ERROR;
            }

        } else if (origin && r->upstream && !r->cached) {
            origin->passing = 1;
            origin->keepalive |= r->keepalive;
        }
    }

    return ngx_http_next_header_filter(r);
}


static ngx_int_t
ngx_voyo_rest_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_int_t              rc;
    ngx_chain_t           *cl;
    ngx_voyo_origin_t     *origin;
    ngx_voyo_loc_conf_t   *vlcf;
    ngx_voyo_main_conf_t  *vmcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);
    origin = vlcf->origin ? ngx_voyo_ctx_get(r, NGX_VOYO_ORIGIN) : NULL;

    if (origin == NULL || !origin->passing) {
        return ngx_http_next_body_filter(r, in);
    }

    /* an incomplete slice is not stored */

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);

    if (ngx_voyo_taken(vmcf->shm_zone, origin->track.data,
                       origin->source.generation, &origin->ctx.takedowns))
    {
        return NGX_ERROR;
    }

    for (cl = in; cl; cl = cl->next) {
        origin->start += ngx_buf_size(cl->buf);
    }

    rc = ngx_http_next_body_filter(r, in);

    /* the proxy closes its connection before it ends the response (N41) */

    if (rc == NGX_ERROR || r != r->main
        || r->upstream->peer.connection
        || (origin->rest && !origin->rest->done))
    {
        return rc;
    }

    if (origin->start <= origin->last) {
        return ngx_voyo_rest_fetch(r, origin) == NGX_OK ? rc : NGX_ERROR;
    }

    origin->passing = 0;

    if (origin->rest == NULL) {
        return rc;
    }

    /* as its header said, before the body broke off */

    r->keepalive = origin->keepalive;

    return ngx_http_send_special(r, NGX_HTTP_LAST);
}


static ngx_int_t
ngx_voyo_rest_fetch(ngx_http_request_t *r, ngx_voyo_origin_t *origin)
{
    if (origin->rests++ == 0) {
        origin->broken = ngx_current_msec;
    }

    if (origin->rest) {
        ngx_voyo_origin_count(origin->rest);
    }

    /* a host that has sent something is asked again, on a fresh connection */

    if (origin->start > origin->continued) {
        origin->retries = 0;
    }

    origin->continued = origin->start;

    origin->range.len = ngx_sprintf(origin->range.data, "bytes=%O-%O",
                                    origin->start, origin->last)
                        - origin->range.data;

    return ngx_http_subrequest(r, &r->uri, &r->args, &origin->rest, NULL, 0);
}


void
ngx_voyo_rest_init(void)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_voyo_rest_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_voyo_rest_body_filter;
}
