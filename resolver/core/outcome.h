
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
#define OUTCOME_UNCONFIRMED   300      /* at most, a failure of one profile */


/*
 * Encodes the outcome of the track "id" as a record: the formats in "choose",
 * or the failure "*class", at "now", Unix time in seconds.  An "unconfirmed"
 * failure is kept for a short time.  A record that voyo_record_decode() would
 * reject becomes a failure, VOYO_CLASS_INTERNAL.
 *
 * Returns the JSON, which the caller must free(), its length, and how many
 * seconds it is kept; NULL: out of memory.
 */
char *outcome_json(choose_t *choose, const char *id, voyo_class_t *class,
    int unconfirmed, int64_t now, int64_t generation, size_t *len,
    int64_t *life);


#endif /* _OUTCOME_H_INCLUDED_ */
