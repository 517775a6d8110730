
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_DIRECTIVES_H_INCLUDED_
#define _NGX_VOYO_DIRECTIVES_H_INCLUDED_


#include "ngx_voyo_module.h"


/* The directives.  They are documented in docs/directives.md. */

extern ngx_command_t  ngx_voyo_commands[];


#endif /* _NGX_VOYO_DIRECTIVES_H_INCLUDED_ */
