
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _VOYO_SCRIPT_H_INCLUDED_
#define _VOYO_SCRIPT_H_INCLUDED_


/*
 * The scripts of common/lua/, each atomic.  util/embed-lua embeds those that
 * are declared here; takedown.lua and unban.lua are for operators.  The head of
 * each documents its "KEYS", "ARGV" and result.  "KEYS" are keys of
 * voyo_key.h.  All times are from Redis's own clock.
 */

typedef struct {
    const char  *sha1;                 /* of the text, in hex, for EVALSHA */
    const char  *text;                 /* for EVAL, which also loads it */
} voyo_script_t;

extern const voyo_script_t  voyo_script_again;
extern const voyo_script_t  voyo_script_beat;
extern const voyo_script_t  voyo_script_finish;
extern const voyo_script_t  voyo_script_heartbeats;
extern const voyo_script_t  voyo_script_leave;
extern const voyo_script_t  voyo_script_renew;
extern const voyo_script_t  voyo_script_status;
extern const voyo_script_t  voyo_script_take;
extern const voyo_script_t  voyo_script_want;


/*
 * Whether an error means that EVALSHA was not run and EVAL may be: Redis does
 * not have the script, or its ACL does not allow EVALSHA.
 */
int voyo_script_refused(const char *error);

/*
 * Whether an error was raised by a script that ran, for these arguments.  Any
 * other means that this Redis cannot be used: READONLY, LOADING, OOM, NOAUTH
 * and so on.
 */
int voyo_script_failed(const char *error);


#endif /* _VOYO_SCRIPT_H_INCLUDED_ */
