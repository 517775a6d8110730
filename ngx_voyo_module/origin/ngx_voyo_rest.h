
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_REST_H_INCLUDED_
#define _NGX_VOYO_REST_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * Installs the filter that continues a slice whose body breaks off.  It runs
 * before that for MP4 headers, and so is installed after it.
 */
void ngx_voyo_rest_init(void);


#endif /* _NGX_VOYO_REST_H_INCLUDED_ */
