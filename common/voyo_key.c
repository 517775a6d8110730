
/*
 * Copyright (C) the VOYO authors
 */


#include "voyo_key.h"
#include "voyo_errno.h"

#include <stdio.h>


int
voyo_egress_valid(const char *egress, size_t len)
{
    size_t  i;

    if (len == 0 || len > VOYO_EGRESS_MAX) {
        return 0;
    }

    for (i = 0; i < len; i++) {
        if (!((egress[i] >= 'A' && egress[i] <= 'Z')
              || (egress[i] >= 'a' && egress[i] <= 'z')
              || (egress[i] >= '0' && egress[i] <= '9')
              || egress[i] == '_' || egress[i] == '.' || egress[i] == '-'))
        {
            return 0;
        }
    }

    return 1;
}


int
voyo_key(char key[VOYO_KEY_MAX], const char *egress, const char *name,
    const char *suffix)
{
    int  len;

    len = snprintf(key, VOYO_KEY_MAX, "voyo:{%s}:%s%s", egress, name,
                   suffix ? suffix : "");

    if (len < 0 || len >= VOYO_KEY_MAX) {
        return VOYO_ETOOBIG;
    }

    return len;
}
