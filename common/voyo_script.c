
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


int
voyo_script_failed(const char *error)
{
    const char  *within;

    /* Redis before 7.0: "ERR Error running script (...): ...: -OOM ..." */

    within = strstr(error, ": -");
    error = within ? within + 3 : error;

    return strncmp(error, "ERR ", 4) == 0
           || strncmp(error, "WRONGTYPE ", 10) == 0;
}
