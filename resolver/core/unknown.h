
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _UNKNOWN_H_INCLUDED_
#define _UNKNOWN_H_INCLUDED_


#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>


#define UNKNOWN_TEXTS  64              /* remembered at a time */
#define UNKNOWN_EVERY  3600            /* seconds until it is logged again */


/* Texts that match no rule of classify.c; shared by threads without a lock. */

typedef struct {
    atomic_ullong  seen;               /* of all texts together */
    atomic_ullong  texts[UNKNOWN_TEXTS];
    atomic_llong   times[UNKNOWN_TEXTS];
} unknown_t;


/*
 * Counts a text of "len" bytes about the track "id", at "now" (seconds, above
 * 0).  Returns 1 if it should be logged: the first time in an hour, for any
 * track; otherwise 0.
 */
int unknown_text(unknown_t *unknown, const char *text, size_t len,
    const char *id, int64_t now);


#endif /* _UNKNOWN_H_INCLUDED_ */
