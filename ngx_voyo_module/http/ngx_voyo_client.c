
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_client.h"
#include "ngx_voyo_module.h"

#include <ngx_md5.h>


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


uint64_t
ngx_voyo_client_key(ngx_http_request_t *r)
{
    uint64_t               key[2];
    ngx_md5_t              md5;
    ngx_str_t             *address;
    ngx_voyo_main_conf_t  *vmcf;

    if (r->connection->sockaddr->sa_family == AF_UNIX) {
        return 0;
    }

    address = ngx_voyo_client_address(r);

    if (address == NULL) {
        return 0;
    }

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);

    ngx_md5_init(&md5);
    ngx_md5_update(&md5, &vmcf->salt, sizeof(vmcf->salt));
    ngx_md5_update(&md5, address->data, address->len);
    ngx_md5_final((u_char *) key, &md5);

    return key[0];
}
