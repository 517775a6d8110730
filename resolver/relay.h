
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _RELAY_H_INCLUDED_
#define _RELAY_H_INCLUDED_


/*
 * Relays two logs, from descriptor 0 to 1 and from 3 to 2, until both have
 * ended, so that a program that writes a log never waits for the reader.  Lines
 * that are not read in time are dropped.  Their number is written to the file
 * "count", and to descriptor 2 once that is read again.
 *
 * With VOYO_LOG_FORMAT=json in the environment, what is not JSON becomes it.
 *
 * Descriptors 0 and 3 must be pipes, or the like, that only this process reads.
 */
void relay_run(const char *count);


#endif /* _RELAY_H_INCLUDED_ */
