
/*
 * Copyright (C) the VOYO authors
 */


#include "clock.h"
#include "lease.h"
#include "voyo_errno.h"


#define LEASE_RENEW  500               /* ms between renewals */


void
lease_begin(job_t *job)
{
    job->leased = 1;
    job->renew = clock_now() + LEASE_RENEW;
}


int
lease_tick(job_thread_t *thread, job_t *job)
{
    if (atomic_load(&thread->stop->stopping)
        && clock_now() >= atomic_load(&thread->stop->until))
    {
        return JOB_STOPPED;
    }

    if (clock_now() >= job->renew) {

        /* a lost lease has no effect here, store_finish() detects it */

        if (job->leased) {
            (void) store_renew(thread->store, job->popped.id, job->token,
                               job->generation);
        }

        job->renew = clock_now() + LEASE_RENEW;
    }

    return VOYO_OK;
}
