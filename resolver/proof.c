
/*
 * Copyright (C) the VOYO authors
 */


#include "ask.h"
#include "proof.h"
#include "voyo_errno.h"

#include <stdio.h>
#include <time.h>


#define PROOF_TIME  2500               /* ms, with its redirects */


static unsigned proof_status(job_thread_t *thread, job_t *job,
    const voyo_source_t *source);


proof_t
proof_try(job_thread_t *thread, job_t *job)
{
    unsigned              status;
    heartbeat_t          *heartbeat;
    const voyo_source_t  *source;

    heartbeat = thread->heartbeat;
    source = &job->choose.record.sources[0];

    if (!thread->config->proof || thread->keeper.cold
        || source->not_before > (int64_t) time(NULL))
    {
        return PROOF_UNPROVED;
    }

    status = proof_status(thread, job, source);

    if (status == 206) {
        atomic_fetch_add(&heartbeat->proved, 1);
        return PROOF_PROVED;
    }

    /* 429 and failures of the host do not concern the URL */

    if (status < 400 || status >= 500 || status == 429) {
        return PROOF_UNPROVED;
    }

    atomic_fetch_add(&heartbeat->refused, 1);

    log_event(&thread->config->log, LOG_WARN, "the last byte of track "
              "\"%s\" was refused with %u, profile %s", job->popped.id, status,
              ytdlp_profile_name(job->profile));

    return PROOF_REFUSED;
}


/* The HTTP status for the last byte; 0: none. */

static unsigned
proof_status(job_thread_t *thread, job_t *job, const voyo_source_t *source)
{
    int     rc;
    char    line[YTDLP_PROOF_MAX];
    size_t  len;

    len = ytdlp_proof(line, ++thread->question, source,
                      thread->config->media_hosts,
                      job->choose.record.formats[0].size - 1, PROOF_TIME);

    if (len == 0) {
        return 0;
    }

    rc = ask(thread, job, line, len, PROOF_TIME);

    if (rc != VOYO_OK) {
        (void) ask_failed(thread, job, rc);
        return 0;
    }

    keeper_answered(&thread->keeper);

    return job->answer.status;
}
