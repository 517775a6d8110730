
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _JOB_H_INCLUDED_
#define _JOB_H_INCLUDED_


#include "thread.h"


/*
 * Runs jobs until it is told to stop: pops one when its worker is ready, takes
 * the track's lease, asks yt-dlp, stores the outcome and publishes the event.
 * "data" is a job_thread_t.  Returns NULL, and leaves no process behind.
 */
void *job_thread(void *data);


#endif /* _JOB_H_INCLUDED_ */
