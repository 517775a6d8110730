
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_PROCESS_H_INCLUDED_
#define _NGX_VOYO_PROCESS_H_INCLUDED_


#include "ngx_voyo_redis_connection.h"


/*
 * Resident memory, in bytes, of nginx's processes and of a Redis at the other
 * end of a unix socket; "redis" may be NULL.
 */
size_t ngx_voyo_process_rss(ngx_voyo_redis_t *redis);

/* The number in the file of voyo_log_dropped; NGX_ERROR: there is none. */
ngx_int_t ngx_voyo_process_log_dropped(ngx_str_t *file);


#endif /* _NGX_VOYO_PROCESS_H_INCLUDED_ */
