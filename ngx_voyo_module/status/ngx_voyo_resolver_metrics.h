
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_RESOLVER_METRICS_H_INCLUDED_
#define _NGX_VOYO_RESOLVER_METRICS_H_INCLUDED_


#include "ngx_voyo_exposition.h"
#include "ngx_voyo_redis_connection.h"


/* "reply" is an array of heartbeats; what is not in one has no sample. */
void ngx_voyo_resolver_metrics(ngx_voyo_exposition_t *e, redisReply *reply);


#endif /* _NGX_VOYO_RESOLVER_METRICS_H_INCLUDED_ */
