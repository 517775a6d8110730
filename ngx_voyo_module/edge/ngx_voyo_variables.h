
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_VARIABLES_H_INCLUDED_
#define _NGX_VOYO_VARIABLES_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* Adds the edge's variables, before the configuration is read. */
ngx_int_t ngx_voyo_add_variables(ngx_conf_t *cf);


#endif /* _NGX_VOYO_VARIABLES_H_INCLUDED_ */
