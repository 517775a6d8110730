
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _CHOOSE_H_INCLUDED_
#define _CHOOSE_H_INCLUDED_


#include <cjson/cJSON.h>

#include "describe.h"


/*
 * A record made of what yt-dlp told.  The texts are in here, the URLs belong
 * to the JSON it was made of: both must outlive the record's use.
 */
typedef struct {
    voyo_record_t  record;
    describe_t     texts;
    int64_t        release;      /* Unix time of an upcoming one, 0: unknown */
    const char    *why;          /* what yt-dlp has no words for, or NULL */
} choose_t;


/*
 * Makes the record of the track "id" (11 characters) from "info", the object
 * in a worker's answer, choosing at most VOYO_FORMATS_MAX formats: what some
 * quality in some codec is served with (docs/upstream.md, Y6, G8).
 * "tolerance" is in per cent, "now" in seconds.  The generation is left 0.
 *
 * Returns VOYO_CLASS_NONE; or why there is nothing to be served, as far as
 * the formats tell.  That is VOYO_CLASS_NO_FORMATS when there are none at
 * all, and then yt-dlp's warnings know better.
 */
voyo_class_t choose_record(choose_t *choose, const cJSON *info,
    const char *id, unsigned tolerance, int64_t now);


#endif /* _CHOOSE_H_INCLUDED_ */
