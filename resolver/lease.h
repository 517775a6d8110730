
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _LEASE_H_INCLUDED_
#define _LEASE_H_INCLUDED_


#include "thread.h"


/* The track's lease was taken for the job. */
void lease_begin(job_t *job);

/*
 * What has to be done while waiting, at least at job->renew: the lease is
 * renewed.  Returns VOYO_OK, or JOB_STOPPED when the job is to be given up.
 */
int lease_tick(job_thread_t *thread, job_t *job);


#endif /* _LEASE_H_INCLUDED_ */
