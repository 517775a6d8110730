
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _VOYO_KEY_H_INCLUDED_
#define _VOYO_KEY_H_INCLUDED_


#include <stddef.h>


/*
 * The keys that the edges and the resolvers share in Redis.  Every key begins
 * with "voyo:{<egress>}:", because a media URL is bound to the address that
 * resolved it (docs/upstream.md, G7); the braces keep an egress in one slot of
 * a Redis Cluster.
 *
 *   track:<id>       string, the record (voyo_record.h), 30 days
 *   failure:<id>     string, a record with "error", the time of its class
 *   ban:<id>         string, the failure that a track is banned with
 *   takedowns        sorted set of ids that were taken down by time, ms, each
 *                    time only once; 30 days, 100,000 at most
 *   lease:<id>       string, the token of the thread that resolves it, 2 s
 *   alive:<id>       sorted set of the workers of nginx in which a request
 *                    waits for it, by time, ms, 3 s
 *   jobs:play        sorted set of ids by the time they are due, milliseconds
 *   jobs:prefetch    the same, for tracks that no client plays
 *   turn:<client>    sorted set of a client's ids in jobs:play, 1 min
 *   left:<client>    string, how many tracks it left unresolved, 2 s
 *   events           channel, "<id> <generation>", 0 for a failure; "<id>
 *                    taken" when it was added to "takedowns"; "moved
 *                    <generation>" when older URLs have become useless
 *   breaker          hash, why nothing is resolved and until when, in ms:
 *                    class, until, count (openings in a row), probe (the one
 *                    track that is tried then), probe_until, span, met
 *   budget           sorted set of the latest extractions by time, ms
 *   limits           hash of the resolvers' configuration: queue, budget, met
 *                    (words for it); of their address: address4, before4,
 *                    address6, before6, moved (a generation)
 *   resolvers        sorted set of resolvers by expiry, ms
 *   resolver:<name>  string, a resolver's heartbeat, JSON, 5 s; "<name>" is
 *                    its name and a random number
 */

#define VOYO_EGRESS_MAX  32
#define VOYO_KEY_MAX     128

/* An egress name: 1 to 32 of A-Za-z0-9_.- ; returns 1 or 0. */
int voyo_egress_valid(const char *egress, size_t len);

/*
 * Writes "voyo:{<egress>}:<name>", or "voyo:{<egress>}:<name><suffix>" with a
 * suffix (an id, a resolver's name), and a terminating zero to "key".  "name"
 * is from the table above, including its colon if it has one.
 *
 * Returns the length, or VOYO_ETOOBIG.
 */
int voyo_key(char key[VOYO_KEY_MAX], const char *egress, const char *name,
    const char *suffix);


#endif /* _VOYO_KEY_H_INCLUDED_ */
