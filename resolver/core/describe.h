
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _DESCRIBE_H_INCLUDED_
#define _DESCRIBE_H_INCLUDED_


#include <cjson/cJSON.h>

#include "voyo_record.h"


/* A record's texts. */

typedef struct {
    char  title[VOYO_TEXT_MAX + 1];
    char  artist[VOYO_TEXT_MAX + 1];
    char  album[VOYO_TEXT_MAX + 1];
} describe_t;


/*
 * Fills in what a track is called, by whom, how loud it is, and its artwork, as
 * far as "info" tells.  Texts are cut to VOYO_TEXT_MAX bytes between two
 * characters, and have no control characters; "texts" must outlive the record's
 * use.
 */
void describe_track(describe_t *texts, voyo_record_t *record,
    const cJSON *info);


#endif /* _DESCRIBE_H_INCLUDED_ */
