
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _RESOLVE_H_INCLUDED_
#define _RESOLVE_H_INCLUDED_


#include "thread.h"


/*
 * Asks yt-dlp for the job's track, by the profile that serves best just now
 * and then by others where they may know more (docs/upstream.md, Y8), until
 * job->end.  Returns VOYO_OK, and job->class says what came of it, with
 * job->choose if that is VOYO_CLASS_NONE; or JOB_STOPPED.
 */
int resolve_track(job_thread_t *thread, job_t *job);

/*
 * The same once more, by the profile after the one that was refused.  Returns
 * VOYO_EINVAL when there is none.
 */
int resolve_again(job_thread_t *thread, job_t *job);


#endif /* _RESOLVE_H_INCLUDED_ */
