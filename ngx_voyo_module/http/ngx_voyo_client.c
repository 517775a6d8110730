
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_client.h"


ngx_str_t *
ngx_voyo_client_address(ngx_http_request_t *r)
{
#if (NGX_HAVE_INET6)
    u_char               *p;
    ngx_str_t            *text;
    struct sockaddr_in6  *sin6;

    if (r->connection->sockaddr->sa_family == AF_INET6) {

        sin6 = (struct sockaddr_in6 *) r->connection->sockaddr;

        if (IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr)) {
            return &r->connection->addr_text;
        }

        p = ngx_pnalloc(r->pool, 16 + sizeof("/64") - 1);
        text = ngx_palloc(r->pool, sizeof(ngx_str_t));

        if (p == NULL || text == NULL) {
            return NULL;
        }

        text->data = p;
        p = ngx_hex_dump(p, sin6->sin6_addr.s6_addr, 8);
        text->len = ngx_cpymem(p, "/64", 3) - text->data;

        return text;
    }
#endif

    return &r->connection->addr_text;
}
