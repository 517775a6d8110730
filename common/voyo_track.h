
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _VOYO_TRACK_H_INCLUDED_
#define _VOYO_TRACK_H_INCLUDED_


#include <stddef.h>


#define VOYO_TRACK_LEN        11
#define VOYO_TRACK_ALIAS_LEN  19


/*
 * Parses a track id in either form: the 11 characters of A-Za-z0-9_- that
 * YouTube uses, or "vyo_" and their unpadded, canonical base64url, 15
 * characters (RFC 4648, section 5).  The "len" bytes at "text" must be the id
 * and nothing else; no terminator is needed.
 *
 * Returns VOYO_OK and writes the 11 characters and a terminating zero to
 * "id"; or VOYO_EINVAL, and "id" is unchanged.
 */
int voyo_track_parse(char id[VOYO_TRACK_LEN + 1], const char *text,
    size_t len);


#endif /* _VOYO_TRACK_H_INCLUDED_ */
