
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_counters.h"
#include "ngx_voyo_front.h"
#include "ngx_voyo_header.h"
#include "ngx_voyo_module.h"


void
ngx_voyo_front(ngx_http_request_t *r)
{
    ngx_str_t             *list, *address;
    ngx_atomic_uint_t      wrong;
    ngx_voyo_counters_t   *counters;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);
    counters = ngx_voyo_counters(vmcf->shm_zone);

    /* a public address is a client's, or the realip module found it */

    if (counters->front
        || ngx_cidr_match(r->connection->sockaddr, vmcf->private) != NGX_OK)
    {
        return;
    }

    list = ngx_voyo_header_find(&r->headers_in.headers, "X-Forwarded-For");
    address = &r->connection->addr_text;

    if (list) {

        if (ngx_strlcasestrn(list->data, list->data + list->len,
                             address->data, address->len - 1))
        {
            return;
        }

        wrong = NGX_VOYO_FRONT_UNTRUSTED;

    } else if (ngx_voyo_header_find(&r->headers_in.headers, "Via")
               || ngx_voyo_header_find(&r->headers_in.headers,
                                       "X-Forwarded-Proto")
               || r->http_version < NGX_HTTP_VERSION_11)
    {
        wrong = NGX_VOYO_FRONT_SILENT;

    } else {
        return;
    }

    if (ngx_atomic_cmp_set(&counters->front, 0, wrong)) {
        ngx_log_error(NGX_LOG_WARN, r->connection->log, 0,
                      wrong == NGX_VOYO_FRONT_UNTRUSTED
                      ? "proxy \"%V\" is not trusted, its X-Forwarded-For is "
                        "ignored, all its clients are counted as one"
                      : "proxy \"%V\" sends no X-Forwarded-For, all its "
                        "clients are counted as one", address);
    }
}
