
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_PACE_H_INCLUDED_
#define _NGX_VOYO_PACE_H_INCLUDED_


#include "ngx_voyo_module.h"


/*
 * Adds the filter that sends a track no faster than the client reads it.  It
 * has to run after nginx's slice filter.
 */
void ngx_voyo_pace_init(void);


#endif /* _NGX_VOYO_PACE_H_INCLUDED_ */
