
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _VOYO_KEY_H_INCLUDED_
#define _VOYO_KEY_H_INCLUDED_


#include <stddef.h>


/*
 * The names of all that the edges and the resolvers share in Redis.  Every
 * key begins with "voyo:{<egress>}:", since a media URL is bound to the
 * address that resolved it (docs/upstream.md, G7); the braces keep one egress
 * in one slot of a Redis Cluster.
 *
 *   track:<id>       string, the record (voyo_record.h), 30 days
 *   failure:<id>     string, a record with "error", its class's time
 *   lease:<id>       string, the token of the thread that resolves it, 2 s
 *   alive:<id>       string, somebody waits for it, 3 s
 *   jobs:play        sorted set of ids by the time of asking, milliseconds
 *   jobs:prefetch    the same, for what nobody waits for
 *   events           channel, "<id> <generation>"; 0 for a failure
 *   breaker          hash, why nothing is resolved and until when, in ms:
 *                    class, until, count (openings in a row), probe (the one
 *                    track that may be tried then), probe_until
 *   budget           sorted set of the last extractions by their time, ms
 *   limits           hash of what the resolvers are configured with: queue,
 *                    budget
 *   resolvers        sorted set of resolvers by the end of their life, ms
 *   resolver:<name>  string, a resolver's heartbeat, JSON, 5 s; "<name>" is
 *                    its name and a number of this one start
 */

#define VOYO_EGRESS_MAX  32
#define VOYO_KEY_MAX     128

/* An egress name: 1 to 32 of A-Za-z0-9_.- ; returns 1 or 0. */
int voyo_egress_valid(const char *egress, size_t len);

/*
 * Writes "voyo:{<egress>}:<name>", or "voyo:{<egress>}:<name><suffix>" with a
 * suffix (an id, a resolver's name), and a terminating zero to "key".  "name"
 * is from the table above, with its colon where there is one.
 *
 * Returns the length, or VOYO_ETOOBIG.
 */
int voyo_key(char key[VOYO_KEY_MAX], const char *egress, const char *name,
    const char *suffix);


#endif /* _VOYO_KEY_H_INCLUDED_ */
