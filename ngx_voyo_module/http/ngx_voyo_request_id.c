
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_request_id.h"
#include "ngx_voyo_variable.h"

#include <sys/random.h>


static ngx_int_t ngx_voyo_request_id_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_uint_t ngx_voyo_request_id_valid(ngx_str_t *id);
static ngx_int_t ngx_voyo_request_id_new(ngx_http_request_t *r,
    ngx_http_variable_value_t *v);


static ngx_http_variable_t  ngx_voyo_request_id_variables[] = {

    /* cacheable: it stays the same */

    { ngx_string("voyo_request_id"), NULL, ngx_voyo_request_id_variable, 0,
      0, 0 },

      ngx_http_null_variable
};


ngx_str_t
ngx_voyo_request_id(ngx_http_request_t *r)
{
    ngx_str_t                   id;
    ngx_voyo_main_conf_t       *vmcf;
    ngx_http_variable_value_t  *vv;

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);

    vv = ngx_http_get_indexed_variable(r, vmcf->request_id);

    if (vv == NULL || vv->not_found) {
        ngx_str_null(&id);
        return id;
    }

    id.data = vv->data;
    id.len = vv->len;

    return id;
}


static ngx_int_t
ngx_voyo_request_id_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t             id;
    ngx_voyo_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    if (vlcf->request_id) {

        if (ngx_http_complex_value(r, vlcf->request_id, &id) != NGX_OK) {
            return NGX_ERROR;
        }

        if (ngx_voyo_request_id_valid(&id)) {
            ngx_voyo_variable_set(v, id.data, id.len);
            v->no_cacheable = 0;

            return NGX_OK;
        }
    }

    return ngx_voyo_request_id_new(r, v);
}


/* It is written to Redis and to logs. */

static ngx_uint_t
ngx_voyo_request_id_valid(ngx_str_t *id)
{
    u_char   c;
    size_t   i;

    for (i = 0; i < id->len; i++) {
        c = id->data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'))
        {
            return 0;
        }
    }

    return id->len > 0 && id->len <= NGX_VOYO_REQUEST_ID_MAX;
}


/*
 * Unique, which is all that is needed: $request_id asks OpenSSL for random
 * bytes, which takes as long as a fifth of a hot request.
 */

static ngx_int_t
ngx_voyo_request_id_new(ngx_http_request_t *r, ngx_http_variable_value_t *v)
{
    u_char  *p;

    static struct {
        uint64_t  worker;
        uint64_t  n;
    } id;

    if (id.worker == 0
        && getrandom(&id.worker, sizeof(id.worker), GRND_NONBLOCK)
           != sizeof(id.worker))
    {
        id.worker = (uint64_t) ngx_random() << 32 | ngx_pid;
    }

    p = ngx_pnalloc(r->pool, 2 * sizeof(id));
    if (p == NULL) {
        return NGX_ERROR;
    }

    id.n++;
    (void) ngx_hex_dump(p, (u_char *) &id, sizeof(id));

    ngx_voyo_variable_set(v, p, 2 * sizeof(id));
    v->no_cacheable = 0;

    return NGX_OK;
}


ngx_int_t
ngx_voyo_request_id_add_variable(ngx_conf_t *cf)
{
    return ngx_voyo_variable_add(cf, ngx_voyo_request_id_variables);
}
