
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _DESCRIBE_H_INCLUDED_
#define _DESCRIBE_H_INCLUDED_


#include <cjson/cJSON.h>

#include "choose.h"


/*
 * Fills in what a track is called, by whom, how loud it is, and its artwork,
 * as far as "info" tells.  Texts are cut to VOYO_TEXT_MAX bytes between two
 * characters, and have no control characters.
 */
void describe_track(choose_t *choose, const cJSON *info);


#endif /* _DESCRIBE_H_INCLUDED_ */
