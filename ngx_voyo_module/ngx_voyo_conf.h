
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_CONF_H_INCLUDED_
#define _NGX_VOYO_CONF_H_INCLUDED_


#include "ngx_voyo_module.h"


/* The configuration: its defaults, and how it is inherited. */

void *ngx_voyo_create_main_conf(ngx_conf_t *cf);
char *ngx_voyo_init_main_conf(ngx_conf_t *cf, void *conf);
void *ngx_voyo_create_loc_conf(ngx_conf_t *cf);
char *ngx_voyo_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child);


#endif /* _NGX_VOYO_CONF_H_INCLUDED_ */
