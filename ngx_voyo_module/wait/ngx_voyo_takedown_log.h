
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_TAKEDOWN_LOG_H_INCLUDED_
#define _NGX_VOYO_TAKEDOWN_LOG_H_INCLUDED_


#include "ngx_voyo_module.h"


/*
 * Reads which tracks were taken down since the zone's last takedown, and drops
 * them from the zone.  A log that cannot be read is read again with the next
 * takedown, or when Redis is back.
 */
void ngx_voyo_takedown_log_read(ngx_voyo_main_conf_t *vmcf);


#endif /* _NGX_VOYO_TAKEDOWN_LOG_H_INCLUDED_ */
