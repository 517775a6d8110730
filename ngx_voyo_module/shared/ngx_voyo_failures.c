
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_failures.h"


void
ngx_voyo_failures_add(ngx_voyo_failures_t *failures,
    const ngx_voyo_failure_t *failure)
{
    ngx_voyo_failure_t  *f;

    ngx_shmtx_lock(failures->mutex);

    f = &failures->last[failures->next++ % NGX_VOYO_FAILURES];

    *f = *failure;
    f->time = ngx_current_msec;
    failures->newest = f->time;

    ngx_shmtx_unlock(failures->mutex);
}


ngx_uint_t
ngx_voyo_failures_since(ngx_voyo_failures_t *failures, ngx_msec_t since)
{
    return failures->next && (ngx_msec_int_t) (failures->newest - since) > 0;
}


ngx_int_t
ngx_voyo_failures_find(ngx_voyo_failures_t *failures,
    ngx_str_t *representation, off_t start, ngx_msec_t since,
    ngx_voyo_failure_t *failure)
{
    ngx_int_t            rc;
    ngx_uint_t           i;
    ngx_voyo_failure_t  *f;

    rc = NGX_DECLINED;

    ngx_shmtx_lock(failures->mutex);

    for (i = 0; i < NGX_VOYO_FAILURES; i++) {

        f = &failures->last[i];

        if (f->status
            && f->start == start
            && (ngx_msec_int_t) (f->time - since) > 0
            && ngx_memcmp(f->representation, representation->data,
                          representation->len)
               == 0
            && f->representation[representation->len] == '\0')
        {
            *failure = *f;
            rc = NGX_OK;
            break;
        }
    }

    ngx_shmtx_unlock(failures->mutex);

    return rc;
}
