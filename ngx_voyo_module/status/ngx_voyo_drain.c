
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_counters.h"
#include "ngx_voyo_drain.h"


static ngx_uint_t ngx_voyo_drain_allowed(ngx_connection_t *c);


ngx_int_t
ngx_voyo_drain_handler(ngx_http_request_t *r)
{
    ngx_int_t                  rc;
    ngx_voyo_gauges_t          all;
    ngx_voyo_counters_t       *counters;
    ngx_voyo_main_conf_t      *vmcf;
    ngx_http_complex_value_t   cv;

    static ngx_str_t  type = ngx_string("application/json");

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);
    counters = ngx_voyo_counters(vmcf->shm_zone);

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_POST
                       |NGX_HTTP_DELETE)))
    {
        return NGX_HTTP_NOT_ALLOWED;
    }

    if (!ngx_voyo_drain_allowed(r->connection)) {
        return NGX_HTTP_FORBIDDEN;
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    if (r->method & (NGX_HTTP_POST|NGX_HTTP_DELETE)) {
        counters->draining = (r->method == NGX_HTTP_POST);

        ngx_log_error(NGX_LOG_NOTICE, r->connection->log, 0,
                      counters->draining ? "draining, /health is unhealthy"
                                         : "not draining any more");
    }

    ngx_voyo_gauges_sum(vmcf->shm_zone, &all);

    ngx_memzero(&cv, sizeof(ngx_http_complex_value_t));

    cv.value.data = ngx_pnalloc(r->pool,
                             sizeof("{\"draining\":false,\"listeners\":}\n")
                             + NGX_ATOMIC_T_LEN);
    if (cv.value.data == NULL) {
        return NGX_ERROR;
    }

    cv.value.len = ngx_sprintf(cv.value.data,
                               "{\"draining\":%s,\"listeners\":%uA}\n",
                               counters->draining ? "true" : "false",
                               all.listeners)
                   - cv.value.data;

    return ngx_http_send_response(r, NGX_HTTP_OK, &type, &cv);
}


/* nginx's unix sockets can be opened by everybody: root, and nginx's user. */

static ngx_uint_t
ngx_voyo_drain_allowed(ngx_connection_t *c)
{
    socklen_t     len;
    struct ucred  cred;

    if (c->sockaddr->sa_family != AF_UNIX) {
        return 1;
    }

    len = sizeof(struct ucred);

    return getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0
           && (cred.uid == 0 || cred.uid == geteuid());
}
