
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _CLOCK_H_INCLUDED_
#define _CLOCK_H_INCLUDED_


#include <stdint.h>


/* A monotonic clock with an arbitrary start. */

int64_t clock_now(void);               /* milliseconds */
int64_t clock_microseconds(void);

void clock_sleep(int64_t ms);


#endif /* _CLOCK_H_INCLUDED_ */
