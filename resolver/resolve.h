
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _RESOLVE_H_INCLUDED_
#define _RESOLVE_H_INCLUDED_


#include "thread.h"


/*
 * Resolves the job's track with yt-dlp, with the presently preferred profile
 * and then with others that may succeed (docs/upstream.md, Y8), until job->end.
 * Returns VOYO_OK and sets job->class, and job->choose if that is
 * VOYO_CLASS_NONE; or JOB_STOPPED.
 */
int resolve_track(job_thread_t *thread, job_t *job);

/*
 * The same again, with the full profile, if there is one and it is not the
 * one that was refused.
 */
int resolve_again(job_thread_t *thread, job_t *job);

/*
 * Whether the worker has the full profile: without a JavaScript runtime it is
 * the fast one once more (docs/upstream.md, Y11).
 */
int resolve_has_full(const job_thread_t *thread);


#endif /* _RESOLVE_H_INCLUDED_ */
