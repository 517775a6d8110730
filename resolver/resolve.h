
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
 * The same again, with the profile after the refused one.  Returns VOYO_EINVAL
 * if there is none.
 */
int resolve_again(job_thread_t *thread, job_t *job);


#endif /* _RESOLVE_H_INCLUDED_ */
