
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _RELAY_H_INCLUDED_
#define _RELAY_H_INCLUDED_


/*
 * Carries two logs, from descriptor 0 to 1 and from 3 to 2, until both have
 * ended; so a program that writes a log never waits for who reads it.  What
 * the reader does not take in time is dropped, in whole lines.  Their number
 * is written to the file "count", and to descriptor 2 when it is read again.
 *
 * Descriptors 0 and 3 must be pipes, or the like, with readers of their own.
 */
void relay_run(const char *count);


#endif /* _RELAY_H_INCLUDED_ */
