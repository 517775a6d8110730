
/*
 * Copyright (C) the VOYO authors
 */


#include "voyo_script.h"

#include <string.h>


int
voyo_script_refused(const char *error)
{
    return strncmp(error, "NOSCRIPT", 8) == 0
           || strncmp(error, "NOPERM", 6) == 0
           || strncmp(error, "ERR unknown command", 19) == 0;
}
