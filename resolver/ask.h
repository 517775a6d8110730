
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _ASK_H_INCLUDED_
#define _ASK_H_INCLUDED_


#include "thread.h"


/*
 * Sends a line, number thread->question, to the worker and waits for its answer
 * "ms" milliseconds, plus the time a worker needs to end at its own deadline.
 * VOYO_OK: the answer is in job->answer; otherwise a code for ask_failed().
 */
int ask(job_thread_t *thread, job_t *job, const char *line, size_t len,
    int64_t ms);

/*
 * Handles a failed question: kills the worker if necessary.  Returns VOYO_OK
 * and sets job->class; or JOB_STOPPED.
 */
int ask_failed(job_thread_t *thread, job_t *job, int rc);


#endif /* _ASK_H_INCLUDED_ */
