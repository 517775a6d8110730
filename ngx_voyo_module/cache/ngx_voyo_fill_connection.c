
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_fill_connection.h"


#define NGX_VOYO_FILL_TIMEOUT  120000    /* ms, as long as cache locks */


static void ngx_voyo_fill_send(ngx_event_t *wev);
static void ngx_voyo_fill_receive(ngx_event_t *rev);


ngx_int_t
ngx_voyo_fill_connect(ngx_voyo_fill_connection_t *fc, ngx_addr_t *address,
    ngx_log_t *log)
{
    ngx_int_t               rc;
    ngx_connection_t       *c;
    ngx_peer_connection_t  *pc;

    fc->sent = 0;
    ngx_memzero(&fc->answer, sizeof(ngx_voyo_fill_answer_t));

    pc = &fc->peer;

    pc->sockaddr = address->sockaddr;
    pc->socklen = address->socklen;
    pc->name = &address->name;
    pc->get = ngx_event_get_peer;
    pc->log = log;
    pc->log_error = NGX_ERROR_ERR;

    rc = ngx_event_connect_peer(pc);

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        return NGX_ERROR;
    }

    c = pc->connection;

    c->data = fc;
    c->read->handler = ngx_voyo_fill_receive;
    c->write->handler = ngx_voyo_fill_send;

    c->read->cancelable = 1;
    ngx_add_timer(c->read, NGX_VOYO_FILL_TIMEOUT);

    ngx_post_event(c->write, &ngx_posted_events);

    return NGX_OK;
}


static void
ngx_voyo_fill_send(ngx_event_t *wev)
{
    ssize_t                      n;
    ngx_connection_t            *c;
    ngx_voyo_fill_connection_t  *fc;

    c = wev->data;
    fc = c->data;

    while (fc->sent < fc->len) {

        n = c->send(c, fc->request + fc->sent, fc->len - fc->sent);

        if (n == NGX_AGAIN) {
            if (ngx_handle_write_event(wev, 0) == NGX_OK) {
                return;
            }

            n = NGX_ERROR;
        }

        if (n == NGX_ERROR) {
            fc->handler(fc->data);
            return;
        }

        fc->sent += n;
    }
}


static void
ngx_voyo_fill_receive(ngx_event_t *rev)
{
    u_char                       buf[1024];
    ssize_t                      n;
    ngx_connection_t            *c;
    ngx_voyo_fill_connection_t  *fc;

    c = rev->data;
    fc = c->data;

    if (rev->timedout || c->close) {
        fc->handler(fc->data);
        return;
    }

    for ( ;; ) {

        n = c->recv(c, buf, sizeof(buf));

        if (n == NGX_AGAIN) {
            if (ngx_handle_read_event(rev, 0) == NGX_OK) {
                return;
            }

            n = NGX_ERROR;
        }

        if (n == NGX_ERROR || n == 0) {
            break;
        }

        ngx_voyo_fill_read(&fc->answer, buf, n);
    }

    fc->handler(fc->data);
}


void
ngx_voyo_fill_close(ngx_voyo_fill_connection_t *fc)
{
    if (fc->peer.connection) {
        ngx_close_connection(fc->peer.connection);
        fc->peer.connection = NULL;
    }
}
