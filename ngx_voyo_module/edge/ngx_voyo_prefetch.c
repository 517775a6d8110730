
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_client.h"
#include "ngx_voyo_counters.h"
#include "ngx_voyo_header.h"
#include "ngx_voyo_park.h"
#include "ngx_voyo_prefetch.h"
#include "ngx_voyo_request_id.h"
#include "ngx_voyo_zone.h"

#include "voyo_errno.h"


#define NGX_VOYO_PREFETCH_TIMEOUT  10000     /* ms until 202 */
#define NGX_VOYO_ACCEPTED      202


static ngx_int_t ngx_voyo_prefetch_fill(ngx_http_request_t *r,
    ngx_voyo_edge_t *edge, u_char *track, ngx_voyo_fill_watch_t *watch);
static void ngx_voyo_prefetch_done(ngx_voyo_fill_watch_t *watch,
    ngx_uint_t status, ngx_uint_t retry_after);
static void ngx_voyo_prefetch_timeout(ngx_event_t *ev);
static ngx_int_t ngx_voyo_prefetch_accepted(ngx_http_request_t *r);


ngx_int_t
ngx_voyo_prefetch_read(ngx_http_request_t *r, ngx_voyo_edge_t *edge)
{
    u_char                *track;
    ngx_str_t              value;
    ngx_uint_t             head;
    ngx_voyo_loc_conf_t   *vlcf;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);
    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    if (vlcf->prefetch == NULL) {
        return NGX_OK;
    }

    if (ngx_http_complex_value(r, vlcf->prefetch, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    if (value.len == 0) {
        return NGX_OK;
    }

    head = (r->method == NGX_HTTP_HEAD);

    if (ngx_voyo_prefetch_own(&value)) {
        edge->warm = head && vmcf->fills;
        return NGX_OK;
    }

    track = ngx_pnalloc(r->pool, VOYO_TRACK_LEN + 1);
    if (track == NULL) {
        return NGX_ERROR;
    }

    if (voyo_track_parse((char *) track, (char *) value.data, value.len)
        != VOYO_OK)
    {
        ngx_voyo_count(vmcf->shm_zone, NGX_VOYO_PREFETCH_IGNORED);

        return head ? NGX_DECLINED : NGX_OK;
    }

    if (ngx_memcmp(track, edge->track.data, VOYO_TRACK_LEN) != 0) {
        edge->other = track;
    }

    return NGX_OK;
}


ngx_uint_t
ngx_voyo_prefetch_own(ngx_str_t *value)
{
    return (value->len == 4 && ngx_strncmp(value->data, "true", 4) == 0)
           || (value->len == 1 && value->data[0] == '1');
}


void
ngx_voyo_prefetch_other(ngx_http_request_t *r, ngx_voyo_edge_t *edge)
{
    ngx_voyo_main_conf_t  *vmcf;

    if (edge->other == NULL) {
        return;
    }

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);

    /* a range above 0 continues a track: its first request had it too */

    if (edge->start > 0 || vmcf->fills == NULL
        || ngx_voyo_prefetch_fill(r, edge, edge->other, NULL) != NGX_OK)
    {
        ngx_voyo_count(vmcf->shm_zone, NGX_VOYO_PREFETCH_IGNORED);
    }

    edge->other = NULL;
}


ngx_int_t
ngx_voyo_prefetch(ngx_http_request_t *r, ngx_voyo_edge_t *edge)
{
    if (edge->warmed) {

        if (edge->accepted) {
            r->content_handler = ngx_voyo_prefetch_accepted;
            return NGX_DECLINED;
        }

        return NGX_OK;
    }

    edge->watch.handler = ngx_voyo_prefetch_done;
    edge->watch.data = edge;

    switch (ngx_voyo_prefetch_fill(r, edge, edge->track.data, &edge->watch)) {

    case NGX_OK:
        break;

    case NGX_BUSY:
        return ngx_voyo_problem(r, &ngx_voyo_problem_busy);

    default:
        return ngx_voyo_problem(r, &ngx_voyo_problem_memory);
    }

    edge->ctx.started = ngx_current_msec;

    edge->ctx.timer.handler = ngx_voyo_prefetch_timeout;
    edge->ctx.timer.data = edge;
    edge->ctx.timer.log = r->connection->log;

    ngx_add_timer(&edge->ctx.timer, NGX_VOYO_PREFETCH_TIMEOUT);

    if (ngx_voyo_park_request(r) != NGX_AGAIN) {
        ngx_voyo_fill_unwatch(&edge->watch);
        ngx_del_timer(&edge->ctx.timer);

        return ngx_voyo_problem(r, &ngx_voyo_problem_memory);
    }

    return NGX_AGAIN;
}


static ngx_int_t
ngx_voyo_prefetch_fill(ngx_http_request_t *r, ngx_voyo_edge_t *edge,
    u_char *track, ngx_voyo_fill_watch_t *watch)
{
    ngx_voyo_main_conf_t     *vmcf;
    ngx_str_t                 name;
    ngx_voyo_fill_request_t   request;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);

    name.data = track;
    name.len = VOYO_TRACK_LEN;

    request.track = track;
    request.quality = edge->quality;
    request.codec = edge->codec;
    request.offset = 0;
    request.representation = NULL;
    request.unknown = (ngx_voyo_zone_generation(vmcf->shm_zone, &name) == 0);
    request.client = ngx_voyo_client_address(r);
    request.request_id = ngx_voyo_request_id(r);
    request.owner = NULL;

    return ngx_voyo_fill_add(vmcf->fills, &request, watch);
}


static void
ngx_voyo_prefetch_done(ngx_voyo_fill_watch_t *watch, ngx_uint_t status,
    ngx_uint_t retry_after)
{
    ngx_voyo_edge_t  *edge;

    edge = watch->data;

    edge->warmed = 1;
    edge->ctx.waited = ngx_current_msec - edge->ctx.started;

    if (edge->ctx.timer.timer_set) {
        ngx_del_timer(&edge->ctx.timer);
    }

    if (status == NGX_HTTP_INSUFFICIENT_STORAGE) {
        edge->ctx.problem = ngx_voyo_problem_room;

    } else if (status != NGX_HTTP_OK) {
        ngx_voyo_problem_named(&edge->ctx.problem, status, NULL);
        edge->ctx.problem.retry_after = retry_after ? retry_after
                                               : edge->ctx.problem.retry_after;
    }

    ngx_voyo_park_wake(edge->ctx.request);
}


static void
ngx_voyo_prefetch_timeout(ngx_event_t *ev)
{
    ngx_voyo_edge_t  *edge;

    edge = ev->data;

    ngx_voyo_fill_unwatch(&edge->watch);

    edge->warmed = 1;
    edge->accepted = 1;

    ngx_voyo_park_wake(edge->ctx.request);
}


static ngx_int_t
ngx_voyo_prefetch_accepted(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_voyo_header_add(r, "Cache-Control", (u_char *) "no-store",
                            sizeof("no-store") - 1)
        == NULL)
    {
        return NGX_ERROR;
    }

    r->headers_out.status = NGX_VOYO_ACCEPTED;
    r->headers_out.content_length_n = 0;

    return ngx_http_send_header(r);
}
