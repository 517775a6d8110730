
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _PROOF_H_INCLUDED_
#define _PROOF_H_INCLUDED_


#include "thread.h"


/* What came of trying a media URL. */

typedef enum {
    PROOF_PROVED = 0,
    PROOF_REFUSED,
    PROOF_UNPROVED                     /* not tried, or nothing said of it */
} proof_t;


/*
 * Has the worker fetch the last byte of what was resolved, as the origin would
 * (docs/upstream.md, G2, G3).  job->answer, and with it the strings of the
 * record, are the worker's answer then.
 */
proof_t proof_try(job_thread_t *thread, job_t *job);


#endif /* _PROOF_H_INCLUDED_ */
