
/*
 * Copyright (C) the VOYO authors
 */


#include "ask.h"
#include "clock.h"
#include "hosts.h"
#include "proof.h"
#include "voyo_errno.h"

#include <stdio.h>
#include <time.h>


#define PROOF_TIME  2500               /* ms, all its hops */
#define PROOF_HOPS  4                  /* redirects that are followed */


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

    /* too many requests, and failures of the host, say nothing of the URL */

    if (status < 400 || status >= 500 || status == 429) {
        return PROOF_UNPROVED;
    }

    atomic_fetch_add(&heartbeat->refused, 1);

    log_event(&thread->config->log, LOG_WARN, "the end of track \"%s\" is "
              "refused with %u, profile %s", job->popped.id, status,
              ytdlp_profile_name(job->profile));

    return PROOF_REFUSED;
}


/* Of the last byte, HTTP's; 0: there is none.  Redirects are followed here. */

static unsigned
proof_status(job_thread_t *thread, job_t *job, const voyo_source_t *source)
{
    int          rc;
    char         line[YTDLP_PROOF_MAX], agent[VOYO_USER_AGENT_MAX + 1];
    size_t       len;
    int64_t      last, until, left;
    unsigned     hops;
    const char  *url;

    /* the strings of the record go with the answer they are part of */

    snprintf(agent, sizeof(agent), "%s",
             source->user_agent ? source->user_agent : "");

    url = source->url;
    last = job->choose.record.formats[0].size - 1;
    until = clock_now() + PROOF_TIME;

    for (hops = 0; hops <= PROOF_HOPS; hops++) {

        left = until - clock_now();

        if (left <= 0 || !hosts_allow(thread->config->media_hosts, url)) {
            return 0;
        }

        len = ytdlp_proof(line, ++thread->question, url,
                          agent[0] ? agent : NULL, last, left);

        if (len == 0) {
            return 0;
        }

        rc = ask(thread, job, line, len, left);

        if (rc != VOYO_OK) {
            (void) ask_failed(thread, job, rc);
            return 0;
        }

        keeper_answered(&thread->keeper);

        if (job->answer.deadline) {
            keeper_kill(&thread->keeper, "a proof took too long");
            return 0;
        }

        url = job->answer.location;

        if (url == NULL || job->answer.status < 300
            || job->answer.status >= 400)
        {
            return job->answer.status;
        }
    }

    return 0;
}
