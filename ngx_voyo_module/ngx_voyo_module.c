
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_again.h"
#include "ngx_voyo_ahead.h"
#include "ngx_voyo_conf.h"
#include "ngx_voyo_conf_check.h"
#include "ngx_voyo_directives.h"
#include "ngx_voyo_fill.h"
#include "ngx_voyo_follow.h"
#include "ngx_voyo_log.h"
#include "ngx_voyo_lookup.h"
#include "ngx_voyo_mp4_header.h"
#include "ngx_voyo_origin_variables.h"
#include "ngx_voyo_pace.h"
#include "ngx_voyo_purge.h"
#include "ngx_voyo_request_id.h"
#include "ngx_voyo_rest.h"
#include "ngx_voyo_variables.h"

#include "voyo_version.h"

#include <pthread.h>


static ngx_int_t ngx_voyo_preconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_voyo_postconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_voyo_handler(ngx_http_request_t *r);
static ngx_int_t ngx_voyo_init_module(ngx_cycle_t *cycle);
static void ngx_voyo_ignore_term(void);
static ngx_int_t ngx_voyo_init_process(ngx_cycle_t *cycle);


static ngx_http_module_t  ngx_voyo_module_ctx = {
    ngx_voyo_preconfiguration,             /* preconfiguration */
    ngx_voyo_postconfiguration,            /* postconfiguration */

    ngx_voyo_create_main_conf,             /* create main configuration */
    ngx_voyo_init_main_conf,               /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_voyo_create_loc_conf,              /* create location configuration */
    ngx_voyo_merge_loc_conf                /* merge location configuration */
};


ngx_module_t  ngx_voyo_module = {
    NGX_MODULE_V1,
    &ngx_voyo_module_ctx,                  /* module context */
    ngx_voyo_commands,                     /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    ngx_voyo_init_module,                  /* init module */
    ngx_voyo_init_process,                 /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_voyo_handler(ngx_http_request_t *r)
{
    ngx_voyo_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    return vlcf->handler ? vlcf->handler(r) : NGX_DECLINED;
}


static ngx_int_t
ngx_voyo_preconfiguration(ngx_conf_t *cf)
{
    if (ngx_voyo_request_id_add_variable(cf) != NGX_OK
        || ngx_voyo_add_variables(cf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_voyo_origin_add_variables(cf);
}


static ngx_int_t
ngx_voyo_postconfiguration(ngx_conf_t *cf)
{
    ngx_http_handler_pt        *h;
    ngx_voyo_main_conf_t       *vmcf;
    ngx_http_core_main_conf_t  *cmcf;

    vmcf = ngx_http_conf_get_module_main_conf(cf, ngx_voyo_module);

    if (!vmcf->used) {
        return NGX_OK;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    /* handlers run in reverse order: this one before rewrite's "return" */

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_REWRITE_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_voyo_again_handler;

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_PRECONTENT_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_voyo_handler;

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_LOG_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_voyo_log_handler;

    ngx_voyo_conf_check(cf, vmcf);

    ngx_voyo_pace_init();
    ngx_voyo_mp4_header_init();
    ngx_voyo_rest_init();

    return ngx_voyo_purge_init(cf, vmcf);
}


static ngx_int_t
ngx_voyo_init_module(ngx_cycle_t *cycle)
{
    ngx_voyo_main_conf_t  *vmcf;

    static ngx_uint_t  registered;

    vmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_voyo_module);

    if (!ngx_test_config) {
        ngx_log_error(NGX_LOG_NOTICE, cycle->log, 0, "voyo " VOYO_VERSION);
    }

    /* nginx sets its handlers after this, and then forks (N39) */

    if (vmcf && vmcf->ignore_term == 1 && !registered) {
        registered = 1;

        if (pthread_atfork(ngx_voyo_ignore_term, NULL, NULL) != 0) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static void
ngx_voyo_ignore_term(void)
{
    signal(SIGTERM, SIG_IGN);
}


static ngx_int_t
ngx_voyo_init_process(ngx_cycle_t *cycle)
{
    ngx_voyo_main_conf_t  *vmcf;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    vmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_voyo_module);

    if (vmcf == NULL || vmcf->shm_zone == NULL || vmcf->redis == NULL) {
        return NGX_OK;
    }

    vmcf->follows = ngx_voyo_follows_create(cycle);
    vmcf->seen = ngx_voyo_ahead_create(cycle);

    if (vmcf->follows == NULL || vmcf->seen == NULL) {
        return NGX_ERROR;
    }

    if (vmcf->fill_url) {
        vmcf->fills = ngx_voyo_fills_create(cycle, vmcf->fill_url,
                                            vmcf->shm_zone);
        if (vmcf->fills == NULL) {
            return NGX_ERROR;
        }
    }

    return ngx_voyo_lookup_init(cycle, vmcf);
}
