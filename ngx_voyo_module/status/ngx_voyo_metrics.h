
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_METRICS_H_INCLUDED_
#define _NGX_VOYO_METRICS_H_INCLUDED_


#include "ngx_voyo_module.h"


/*
 * The content handler of voyo_metrics: Prometheus's text format, or OpenMetrics
 * if the client accepts that.
 */
ngx_int_t ngx_voyo_metrics_handler(ngx_http_request_t *r);


#endif /* _NGX_VOYO_METRICS_H_INCLUDED_ */
