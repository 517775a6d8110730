
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _PROOF_H_INCLUDED_
#define _PROOF_H_INCLUDED_


#include "thread.h"


/* The result of testing a media URL. */

typedef enum {
    PROOF_PROVED = 0,
    PROOF_REFUSED,
    PROOF_UNPROVED                     /* not tested, or inconclusive */
} proof_t;


/*
 * Has the worker fetch the last byte of the resolved track, as the origin would
 * (docs/upstream.md, G2, G3).  This replaces job->answer, so the strings of the
 * record become invalid.
 */
proof_t proof_try(job_thread_t *thread, job_t *job);


#endif /* _PROOF_H_INCLUDED_ */
