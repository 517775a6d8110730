
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_CONF_CHECK_H_INCLUDED_
#define _NGX_VOYO_CONF_CHECK_H_INCLUDED_


#include "ngx_voyo_module.h"


/*
 * Logs a warning for each line that a location with voyo_stream lacks, after
 * all modules have merged theirs.
 */
void ngx_voyo_conf_check(ngx_conf_t *cf, ngx_voyo_main_conf_t *vmcf);


#endif /* _NGX_VOYO_CONF_CHECK_H_INCLUDED_ */
