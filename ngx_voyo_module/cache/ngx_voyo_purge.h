
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_PURGE_H_INCLUDED_
#define _NGX_VOYO_PURGE_H_INCLUDED_


#include "ngx_voyo_module.h"


/*
 * Makes nginx's cache manager, which may block, remove the files of tracks that
 * were taken down from the caches of all locations with voyo_stream.  Without
 * such a cache this has no effect.
 */
ngx_int_t ngx_voyo_purge_init(ngx_conf_t *cf, ngx_voyo_main_conf_t *vmcf);


#endif /* _NGX_VOYO_PURGE_H_INCLUDED_ */
