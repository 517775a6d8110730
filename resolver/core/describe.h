
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
 * Sets the title, artist, album, artwork and loudness of a record, as far as
 * they are in "info".  Texts are cut between characters to VOYO_TEXT_MAX bytes,
 * and have no control characters; "texts" must outlive the use of the record.
 */
void describe_track(describe_t *texts, voyo_record_t *record,
    const cJSON *info);


#endif /* _DESCRIBE_H_INCLUDED_ */
