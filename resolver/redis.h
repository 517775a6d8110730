
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
 * The last known state of Redis, shared by the threads, so that a change is
 * logged once, and a refusal once a minute.
 */
typedef struct {
    const config_t  *config;
    atomic_int       state;            /* 1: up, 0: unknown, -1: down,
                                          -2: by a failure of TLS */
    atomic_int       told;             /* that it is down */
    atomic_llong     refused;          /* when that was logged, ms; 0: never */
} redis_shared_t;


/* A connection of one thread.  It reconnects by itself. */

typedef struct redis_s  redis_t;


/*
 * "ms" is how long to wait for a reply.  NULL: out of memory.  It does not
 * connect yet.
 */
redis_t *redis_create(redis_shared_t *shared, unsigned ms);
void redis_free(redis_t *link);

/*
 * Connects if necessary: authenticates, selects the database and sends a PING.
 * Returns VOYO_OK; or VOYO_EIO, and redis_error() is the reason.
 */
int redis_connect(redis_t *link);
const char *redis_error(const redis_t *link);

/*
 * Sends a command and waits for its reply, which the caller must free; connects
 * first if necessary.  NULL: it failed, possibly after Redis executed it, and
 * the next command reconnects.  An error reply is a failure too.
 */
redisReply *redis_run(redis_t *link, int argc, const char **argv,
    const size_t *lengths);

/*
 * The same for a script, by its digest, or by its text if Redis does not have
 * it; sets argv[0] and argv[1].
 */
redisReply *redis_script(redis_t *link, const voyo_script_t *script, int argc,
    const char **argv, size_t *lengths);


#endif /* _REDIS_H_INCLUDED_ */
