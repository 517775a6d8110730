
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_REDIS_SCRIPT_H_INCLUDED_
#define _NGX_VOYO_REDIS_SCRIPT_H_INCLUDED_


#include "ngx_voyo_redis_connection.h"
#include "voyo_script.h"


/*
 * Runs a script by its digest, or by its text if Redis does not have it.
 * "argv" contains the number of keys, the keys and the arguments; it is copied.
 * Returns, and calls the handler, as ngx_voyo_redis_command() does.
 */
ngx_int_t ngx_voyo_redis_script(ngx_voyo_redis_t *redis,
    const voyo_script_t *script, ngx_voyo_redis_reply_pt handler, void *data,
    int argc, const char **argv);


#endif /* _NGX_VOYO_REDIS_SCRIPT_H_INCLUDED_ */
