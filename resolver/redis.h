
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _REDIS_H_INCLUDED_
#define _REDIS_H_INCLUDED_


#include <stdatomic.h>
#include <stddef.h>

#include <hiredis/hiredis.h>

#include "config.h"
#include "voyo_script.h"


/*
 * What the threads share about Redis: whether it was there when somebody last
 * looked, so that a change is logged once.
 */
typedef struct {
    const config_t  *config;
    atomic_int       state;            /* 0: not known, 1: up, -1: down */
} redis_shared_t;


/* One connection, of one thread.  It comes back by itself. */

typedef struct redis_s  redis_t;


/*
 * "ms" is how long to wait for an answer.  NULL: out of memory.  Nothing is
 * connected yet.
 */
redis_t *redis_create(redis_shared_t *shared, unsigned ms);
void redis_free(redis_t *link);

/*
 * Connects, unless there is a connection; then authenticates, selects the
 * database and asks for a sign of life.  Returns VOYO_OK, or VOYO_EIO and
 * redis_error() says what is wrong.
 */
int redis_connect(redis_t *link);
const char *redis_error(const redis_t *link);

/*
 * Sends a command and waits for its reply, connecting before where needed.
 * The reply is the caller's to free.  NULL: it failed, perhaps after Redis
 * did it, and the next command makes a new connection.  An error for a reply
 * is a failure too.
 */
redisReply *redis_run(redis_t *link, int argc, const char **argv,
    const size_t *lengths);

/*
 * The same for a script, by its digest, and by its text where Redis does not
 * have it: argv[0] and argv[1] are written here.
 */
redisReply *redis_script(redis_t *link, const voyo_script_t *script, int argc,
    const char **argv, size_t *lengths);


#endif /* _REDIS_H_INCLUDED_ */
