
/*
 * Copyright (C) the VOYO authors
 */


/* Every class has a name, a title, an error status and a lifetime. */

#include "tap.h"
#include "voyo_class.h"

#include <string.h>


int
main(void)
{
    int                       i, complete, found;
    const voyo_class_info_t  *info;

    complete = 1;
    found = 1;

    for (i = VOYO_CLASS_NONE + 1; i < VOYO_CLASS_MAX; i++) {
        info = voyo_class_info((voyo_class_t) i);

        complete &= info->name && info->title && info->status >= 400
                    && info->status < 600 && info->status != 500
                    && info->kept > 0 && info->kept <= 86400;
        found &= (int) voyo_class_by_name(info->name, strlen(info->name))
                 == i;
    }

    ok(complete, "every class is complete, and none is a 500");
    ok(found, "every class is found by its name");

    ok(voyo_class_by_name("none", 4) == VOYO_CLASS_NONE
       && voyo_class_by_name("privat", 6) == VOYO_CLASS_NONE
       && voyo_class_by_name("private ", 8) == VOYO_CLASS_NONE
       && voyo_class_by_name("", 0) == VOYO_CLASS_NONE,
       "nothing else is a class");

    info = voyo_class_info((voyo_class_t) 1000);

    ok(strcmp(info->name, "internal") == 0, "an unknown one is internal");

    ok(voyo_class_info(VOYO_CLASS_GEO_BLOCKED)->status == 451
       && voyo_class_info(VOYO_CLASS_PAID)->status == 403
       && voyo_class_info(VOYO_CLASS_TIMEOUT)->status == 504
       && voyo_class_info(VOYO_CLASS_RATE_LIMITED)->status == 503,
       "the statuses clients rely on");

    ok(voyo_class_info(VOYO_CLASS_BOT_CHECK)->global
       && voyo_class_info(VOYO_CLASS_RATE_LIMITED)->global
       && !voyo_class_info(VOYO_CLASS_FORBIDDEN)->global,
       "what says something of us all");

    return done();
}
