
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _VOYO_MP4_H_INCLUDED_
#define _VOYO_MP4_H_INCLUDED_


#include <stddef.h>


/*
 * The header of an MP4 file whose samples are all in movie fragments.
 *
 * ISO/IEC 14496-12 has "mvhd", "tkhd" and "mdhd" tell the duration of the
 * samples in the movie box itself, which is 0 here; the whole is in "mehd"
 * (sections 8.2.2, 8.3.2, 8.4.2, 8.8.2).  YouTube's files have the whole in
 * all of them, and Apple's players add the header's and the fragments'
 * (docs/upstream.md, V1, V2).
 */

#define VOYO_MP4_HEADER_MAX  16384     /* bytes of a file that are looked at */
#define VOYO_MP4_DURATIONS   3


/*
 * Ends the name of a representation whose header is made right where it is
 * that of a fragmented MP4.  The name, which is in the ETag and the cache's key
 * too, tells these bytes from the source's; the number is to grow with each
 * change of what is done to them.
 */

#define VOYO_MP4_MARK  ".m1"


typedef struct {
    size_t  offset;                    /* in the file */
    size_t  len;                       /* 4 or 8 bytes */
} voyo_mp4_duration_t;


/*
 * Finds the durations that must be 0, given the first "len" bytes of a file.
 * Reads no byte behind them, and allocates nothing.
 *
 * VOYO_OK: "durations", VOYO_MP4_DURATIONS of them, is set, each within "len".
 * VOYO_EAGAIN: more bytes may tell.  VOYO_EINVAL: the file is to be left as it
 * is: no MP4; not fragmented; samples in its movie box, several tracks, an
 * edit list, no "mehd"; a movie box that does not end within
 * VOYO_MP4_HEADER_MAX; or anything that is not as the standard has it.
 */
int voyo_mp4_durations(const unsigned char *data, size_t len,
    voyo_mp4_duration_t *durations);


#endif /* _VOYO_MP4_H_INCLUDED_ */
