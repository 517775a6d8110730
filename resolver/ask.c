
/*
 * Copyright (C) the VOYO authors
 */


#include "ask.h"
#include "clock.h"
#include "lease.h"
#include "voyo_errno.h"


#define ASK_HARD  1000                 /* ms after the worker's own deadline */


int
ask(job_thread_t *thread, job_t *job, const char *line, size_t len, int64_t ms)
{
    int        rc;
    char      *answer;
    int64_t    hard, until;
    worker_t  *worker;

    worker = &thread->keeper.worker;
    hard = clock_now() + ms + ASK_HARD;

    keeper_busy(&thread->keeper);
    ytdlp_answer_free(&job->answer);

    if (worker_write(worker, line, len) != VOYO_OK) {
        return VOYO_EIO;
    }

    for ( ;; ) {

        until = job->renew < hard ? job->renew : hard;

        rc = worker_read(worker, until, &answer, &len);

        if (rc == VOYO_OK) {

            if (ytdlp_answer(&job->answer, answer, len) != VOYO_OK) {
                rc = VOYO_ETIMEOUT;

            } else if (job->answer.job == thread->question) {
                return VOYO_OK;

            } else {
                ytdlp_answer_free(&job->answer);
                rc = VOYO_ETIMEOUT;
            }
        }

        /* however many unrelated lines it prints */

        if (rc != VOYO_ETIMEOUT || clock_now() >= hard) {
            return rc;
        }

        if (lease_tick(thread, job) == JOB_STOPPED) {
            return JOB_STOPPED;
        }
    }
}


int
ask_failed(job_thread_t *thread, job_t *job, int rc)
{
    switch (rc) {

    case VOYO_EIO:
        keeper_lost(&thread->keeper, "in a job");
        job->class = VOYO_CLASS_INTERNAL;
        return VOYO_OK;

    case VOYO_ETIMEOUT:
        keeper_kill(&thread->keeper, "it missed its deadline");
        job->class = VOYO_CLASS_TIMEOUT;
        return VOYO_OK;

    default:
        keeper_kill(&thread->keeper, NULL);
        return JOB_STOPPED;
    }
}
