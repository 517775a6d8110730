
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _VOYO_TRACK_H_INCLUDED_
#define _VOYO_TRACK_H_INCLUDED_


#include <stddef.h>


#define VOYO_TRACK_LEN        11
#define VOYO_TRACK_ALIAS_LEN  19


/*
 * Reads a track id in either spelling: the 11 characters of A-Za-z0-9_- that
 * YouTube uses, or "vyo_" and their unpadded, canonical base64url, 15
 * characters (RFC 4648, section 5).  Exactly "len" bytes at "text" are looked
 * at and must be the id and nothing else; "text" needs no terminator.
 *
 * Returns VOYO_OK and writes the 11 characters and a terminating zero to
 * "id"; or VOYO_EINVAL, "id" is then unchanged.
 */
int voyo_track_parse(char id[VOYO_TRACK_LEN + 1], const char *text,
    size_t len);


#endif /* _VOYO_TRACK_H_INCLUDED_ */
