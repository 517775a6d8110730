
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_tls.h"


#define NGX_VOYO_TLS_SESSIONS  128       /* a worker */


struct ngx_voyo_tls_s {
    ngx_rbtree_t          rbtree;
    ngx_rbtree_node_t     sentinel;
    ngx_queue_t           queue;         /* oldest last */
    ngx_uint_t            n;
    ngx_log_t            *log;
};


#if (NGX_SSL)

typedef struct {
    ngx_str_node_t        sn;            /* the host */
    ngx_queue_t           queue;
    ngx_ssl_session_t    *session;
    u_char                host[1];
} ngx_voyo_tls_node_t;


static ngx_voyo_tls_node_t *ngx_voyo_tls_lookup(ngx_voyo_tls_t *tls,
    ngx_str_t *host);
static void ngx_voyo_tls_drop(ngx_voyo_tls_t *tls, ngx_voyo_tls_node_t *node);


ngx_ssl_session_t *
ngx_voyo_tls_get(ngx_voyo_tls_t *tls, ngx_str_t *host)
{
    ngx_voyo_tls_node_t  *node;

    node = ngx_voyo_tls_lookup(tls, host);

    return node ? node->session : NULL;
}


void
ngx_voyo_tls_put(ngx_voyo_tls_t *tls, ngx_str_t *host,
    ngx_ssl_session_t *session)
{
    ngx_queue_t          *q;
    ngx_voyo_tls_node_t  *node;

    node = ngx_voyo_tls_lookup(tls, host);

    if (node) {
        ngx_voyo_tls_drop(tls, node);

    } else if (tls->n == NGX_VOYO_TLS_SESSIONS) {
        q = ngx_queue_last(&tls->queue);
        ngx_voyo_tls_drop(tls, ngx_queue_data(q, ngx_voyo_tls_node_t, queue));
    }

    node = ngx_alloc(offsetof(ngx_voyo_tls_node_t, host) + host->len,
                     tls->log);
    if (node == NULL) {
        ngx_ssl_free_session(session);
        return;
    }

    ngx_memcpy(node->host, host->data, host->len);

    node->session = session;
    node->sn.str.data = node->host;
    node->sn.str.len = host->len;
    node->sn.node.key = ngx_crc32_short(host->data, host->len);

    ngx_rbtree_insert(&tls->rbtree, &node->sn.node);
    ngx_queue_insert_head(&tls->queue, &node->queue);
    tls->n++;
}


static ngx_voyo_tls_node_t *
ngx_voyo_tls_lookup(ngx_voyo_tls_t *tls, ngx_str_t *host)
{
    ngx_str_node_t  *sn;

    sn = ngx_str_rbtree_lookup(&tls->rbtree, host,
                               ngx_crc32_short(host->data, host->len));

    return (ngx_voyo_tls_node_t *) sn;
}


static void
ngx_voyo_tls_drop(ngx_voyo_tls_t *tls, ngx_voyo_tls_node_t *node)
{
    ngx_rbtree_delete(&tls->rbtree, &node->sn.node);
    ngx_queue_remove(&node->queue);
    tls->n--;

    ngx_ssl_free_session(node->session);
    ngx_free(node);
}

#endif


ngx_voyo_tls_t *
ngx_voyo_tls_create(ngx_cycle_t *cycle)
{
    ngx_voyo_tls_t  *tls;

    tls = ngx_pcalloc(cycle->pool, sizeof(ngx_voyo_tls_t));
    if (tls == NULL) {
        return NULL;
    }

    tls->log = cycle->log;

    ngx_rbtree_init(&tls->rbtree, &tls->sentinel,
                    ngx_str_rbtree_insert_value);
    ngx_queue_init(&tls->queue);

    return tls;
}
