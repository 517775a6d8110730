
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _LEASE_H_INCLUDED_
#define _LEASE_H_INCLUDED_


#include "thread.h"


/* To be called once the track's lease was taken for the job. */
void lease_begin(job_t *job);

/*
 * Renews the lease; to be called while waiting, at job->renew at the latest.
 * Returns VOYO_OK, or JOB_STOPPED if the job has to be given up.
 */
int lease_tick(job_thread_t *thread, job_t *job);


#endif /* _LEASE_H_INCLUDED_ */
