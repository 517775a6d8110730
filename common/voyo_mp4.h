
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _VOYO_MP4_H_INCLUDED_
#define _VOYO_MP4_H_INCLUDED_


#include <stddef.h>


/*
 * The header of an MP4 file whose samples are all in movie fragments.
 *
 * By ISO/IEC 14496-12, "mvhd", "tkhd" and "mdhd" contain the duration of the
 * samples in the movie box itself, which is 0 here; "mehd" contains the total
 * duration (sections 8.2.2, 8.3.2, 8.4.2, 8.8.2).  YouTube's files have the
 * total in all of them, and Apple's players add the header's duration and the
 * fragments' (docs/upstream.md, V1, V2).
 */

#define VOYO_MP4_HEADER_MAX  16384     /* bytes of a file that are parsed */
#define VOYO_MP4_DURATIONS   3


/*
 * Suffix of the name of a representation whose header is corrected if it is
 * that of a fragmented MP4.  The name, which is also the ETag and part of the
 * cache key, distinguishes these bytes from the source's.  Increase the number
 * with each change of the correction.
 */

#define VOYO_MP4_MARK  ".m1"


typedef struct {
    size_t  offset;                    /* in the file */
    size_t  len;                       /* 4 or 8 bytes */
} voyo_mp4_duration_t;


/*
 * Finds the durations that must be 0, given the first "len" bytes of a file.
 * Reads no byte beyond them, and allocates nothing.
 *
 * VOYO_OK: "durations", VOYO_MP4_DURATIONS of them, is set, each within "len".
 * VOYO_EAGAIN: more bytes are needed.  VOYO_EINVAL: the file must be left
 * unchanged: it is not an MP4; not fragmented; has samples in its movie box,
 * several tracks, an edit list, or no "mehd"; its movie box does not end within
 * VOYO_MP4_HEADER_MAX; or it violates the standard.
 */
int voyo_mp4_durations(const unsigned char *data, size_t len,
    voyo_mp4_duration_t *durations);


#endif /* _VOYO_MP4_H_INCLUDED_ */
