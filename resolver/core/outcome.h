
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _OUTCOME_H_INCLUDED_
#define _OUTCOME_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>

#include "choose.h"


#define OUTCOME_RECORD        2592000  /* seconds a record is kept */
#define OUTCOME_UPCOMING_MIN  60       /* and an upcoming track's failure */
#define OUTCOME_UPCOMING_MAX  3600
#define OUTCOME_UNCONFIRMED   300      /* at most, what one profile says */


/*
 * Writes what came of the track "id" as a record: the formats in "choose", or
 * the failure that "*class" says, at "now", Unix time in seconds.  One that
 * is "unconfirmed" is kept for a short time.  What the readers of records
 * would refuse is not written: it becomes a VOYO_CLASS_INTERNAL.
 *
 * Returns the JSON, the caller's to free(), its length, and how many seconds
 * it is to be kept; NULL: out of memory.
 */
char *outcome_json(choose_t *choose, const char *id, voyo_class_t *class,
    int unconfirmed, int64_t now, int64_t generation, size_t *len,
    int64_t *life);


#endif /* _OUTCOME_H_INCLUDED_ */
