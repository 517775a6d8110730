
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
 *       resolvers
 * ARGV  id, newer_than (a generation, 0 for any), lane: "play", "prefetch",
 *       or "none" to only look
 *
 * Returns one of
 *   {"record", json}      its generation is above newer_than
 *   {"failure", json}     the last try failed, and it isn't forgotten yet
 *   {"pending"}           queued, or being resolved; or, for "none", unknown
 *   {"no_resolver"}       no resolver lives: nothing was queued
 *
 * With "play" the track is marked alive, and a queued prefetch of it moves to
 * the front lane.  Asked for by a thousand, it is queued once.
 */
extern const char  voyo_script_want[];
#define VOYO_SCRIPT_WANT_KEYS    7

/*
 * Takes the lease of a job that was popped from a queue.
 *
 * KEYS  track:<id> lease:<id> alive:<id>
 * ARGV  token, lease in ms, score (the job's time of asking, ms), lane
 *
 * Returns {"run", generation of the record there is, or "0"}; or {"leased"},
 * {"fresh"} (resolved since it was asked for), {"abandoned"} (a play that
 * nobody waits for any more).
 */
extern const char  voyo_script_take[];
#define VOYO_SCRIPT_TAKE_KEYS    3

/*
 * Renews a lease.  KEYS lease:<id>  ARGV token, lease in ms.
 * Returns 1, or 0 when the lease is not ours any more.
 */
extern const char  voyo_script_renew[];
#define VOYO_SCRIPT_RENEW_KEYS   1

/*
 * Ends a job: stores its outcome, gives the lease back, tells everybody.
 *
 * KEYS  track:<id> failure:<id> lease:<id> jobs:play jobs:prefetch events
 * ARGV  id, token, kind: "record", "failure" or "drop" (nothing is stored and
 *       the lease is free at once), json, life-time in seconds, generation
 *
 * Returns 1; or 0 and stores nothing when the lease is somebody else's.
 */
extern const char  voyo_script_finish[];
#define VOYO_SCRIPT_FINISH_KEYS  6

/*
 * Says that a resolver lives.
 *
 * KEYS  resolvers resolver:<name>
 * ARGV  name, life-time in ms (0: it is leaving), heartbeat json
 */
extern const char  voyo_script_beat[];
#define VOYO_SCRIPT_BEAT_KEYS    2

/*
 * Reads the heartbeats of the resolvers that live.  KEYS resolvers
 * ARGV  the prefix of their keys, "voyo:{<egress>}:resolver:"
 * Returns a list of heartbeats, json; empty when there are none.
 */
extern const char  voyo_script_heartbeats[];
#define VOYO_SCRIPT_HEARTBEATS_KEYS  1


#endif /* _VOYO_SCRIPT_H_INCLUDED_ */
