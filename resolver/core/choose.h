
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _CHOOSE_H_INCLUDED_
#define _CHOOSE_H_INCLUDED_


#include <cjson/cJSON.h>

#include "describe.h"


/*
 * A record made from yt-dlp's result.  It contains the texts; the URLs belong
 * to the JSON.  Both must outlive the use of the record.
 */
typedef struct {
    voyo_record_t  record;
    describe_t     texts;
    int64_t        release;      /* Unix time of an upcoming one, 0: unknown */
    const char    *why;          /* a reason yt-dlp does not give, or NULL */
} choose_t;


/*
 * Makes the record of the track "id" (11 characters) from "info", the object
 * in a worker's answer, with at most VOYO_FORMATS_MAX formats: those that a
 * quality in a codec selects (docs/upstream.md, Y6, G8).  "tolerance" is in
 * per cent, "now" in seconds.  The generation is left 0.
 *
 * Returns VOYO_CLASS_NONE; or why there is nothing to serve, as far as the
 * formats tell.  If there are none at all, that is VOYO_CLASS_NO_FORMATS, and
 * yt-dlp's warnings are more precise.
 */
voyo_class_t choose_record(choose_t *choose, const cJSON *info,
    const char *id, unsigned tolerance, int64_t now);


#endif /* _CHOOSE_H_INCLUDED_ */
