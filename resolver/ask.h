
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _ASK_H_INCLUDED_
#define _ASK_H_INCLUDED_


#include "thread.h"


/*
 * Sends a line of thread->question to the worker and waits for its answer, "ms"
 * milliseconds and what a worker needs to end a deadline by itself.  VOYO_OK:
 * job->answer is the answer; else what ask_failed() is to be told.
 */
int ask(job_thread_t *thread, job_t *job, const char *line, size_t len,
    int64_t ms);

/*
 * What becomes of the worker, and of the job, that was not answered.  Returns
 * VOYO_OK and sets job->class; or JOB_STOPPED.
 */
int ask_failed(job_thread_t *thread, job_t *job, int rc);


#endif /* _ASK_H_INCLUDED_ */
