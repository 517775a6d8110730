
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _VOYO_SCRIPT_H_INCLUDED_
#define _VOYO_SCRIPT_H_INCLUDED_


/*
 * The Lua scripts, each atomic, for EVAL.  "KEYS" are keys of voyo_key.h in
 * the order given.  All times are Redis's own clock.
 */

/*
 * Asks for a track.
 *
 * KEYS  track:<id> failure:<id> lease:<id> alive:<id> jobs:play jobs:prefetch
 *       resolvers breaker budget limits
 * ARGV  id, newer_than (a generation, 0 for any), lane: "play", "prefetch",
 *       or "none" to only look
 *
 * Returns one of
 *   {"record", json}      its generation is above newer_than
 *   {"failure", json, s}  the last try failed, and is forgotten in "s" seconds;
 *                         or it is refused at once, its "error" is then the
 *                         breaker's class, "busy" (the queue is full, and has
 *                         no prefetch to drop for a play) or, for a prefetch,
 *                         "budget", and may be allowed in "s" seconds
 *   {"pending"}           queued, or being resolved; or, for "none", unknown
 *   {"no_resolver"}       no resolver lives: nothing was queued
 *
 * With "play" the track is marked alive, and a queued prefetch of it moves to
 * the front lane.  Asked for by a thousand, it is queued once.
 */
extern const char  voyo_script_want[];
#define VOYO_SCRIPT_WANT_KEYS    10

/*
 * Takes the lease of a job that was popped from a queue, and counts it.
 *
 * KEYS  track:<id> lease:<id> breaker budget alive:<id>
 * ARGV  id, token, lease in ms, score (the job's time of asking, ms), lane:
 *       "play", "prefetch", or "own" for what was not queued; budget, in
 *       extractions an hour
 *
 * Returns {"run", generation of the record to come}; or {"leased"}, {"fresh"}
 * (resolved since it was asked for), {"abandoned"} (a play that nobody waits
 * for any more), {"breaker"} or {"budget"} (which only holds for a prefetch).
 */
extern const char  voyo_script_take[];
#define VOYO_SCRIPT_TAKE_KEYS    5

/*
 * Before one more extraction for the same job: counts it.
 *
 * KEYS  breaker budget
 * ARGV  id, what names it in the budget, budget, in extractions an hour
 *
 * Returns 1; or 0, when the breaker has opened meanwhile.
 */
extern const char  voyo_script_again[];
#define VOYO_SCRIPT_AGAIN_KEYS   2

/*
 * Renews a lease, also one that ran out when nobody else has it.
 *
 * KEYS  lease:<id> breaker track:<id>
 * ARGV  token, lease in ms, id, generation of the record to come
 *
 * Returns 1; or 0 when the lease is somebody else's, or the track was resolved
 * without it.
 */
extern const char  voyo_script_renew[];
#define VOYO_SCRIPT_RENEW_KEYS   3

/*
 * Ends a job: stores its outcome, gives the lease back, tells everybody.
 *
 * KEYS  track:<id> failure:<id> lease:<id> jobs:play jobs:prefetch events
 *       breaker
 * ARGV  id, token, kind: "record", "failure", "global" (a failure that opens
 *       the breaker and says nothing of the track) or "drop" (nothing is
 *       stored and the lease is free at once), json, life-time in seconds,
 *       generation, class, whether the source answered as it does when it
 *       trusts us: "1", the longest that the breaker may stay open, seconds
 *
 * Returns 1; or 0 and stores nothing when there is a newer record already or,
 * for what is no record, when the lease is somebody else's, who keeps it.  A
 * probe that the source answered closes the breaker; one more global failure
 * opens it for twice the time.
 */
extern const char  voyo_script_finish[];
#define VOYO_SCRIPT_FINISH_KEYS  7

/*
 * Says that a resolver lives.
 *
 * KEYS  resolvers resolver:<name> limits
 * ARGV  name, life-time in ms (0: it is leaving), heartbeat json, the most
 *       tracks that may be queued, budget
 */
extern const char  voyo_script_beat[];
#define VOYO_SCRIPT_BEAT_KEYS    3

/*
 * What all resolvers of the egress share.
 *
 * KEYS  jobs:play jobs:prefetch breaker budget
 * Returns {length of play, of prefetch, extractions in the last hour (at most
 * the budget), the breaker's class or "", ms until it is half-open}.
 */
extern const char  voyo_script_status[];
#define VOYO_SCRIPT_STATUS_KEYS  4

/*
 * Reads the heartbeats of the resolvers that live.  KEYS resolvers
 * ARGV  the prefix of their keys, "voyo:{<egress>}:resolver:"
 * Returns a list of heartbeats, json; empty when there are none.
 */
extern const char  voyo_script_heartbeats[];
#define VOYO_SCRIPT_HEARTBEATS_KEYS  1


#endif /* _VOYO_SCRIPT_H_INCLUDED_ */
