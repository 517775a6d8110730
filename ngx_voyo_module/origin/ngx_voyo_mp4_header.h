
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_MP4_HEADER_H_INCLUDED_
#define _NGX_VOYO_MP4_HEADER_H_INCLUDED_


/*
 * Adds the filter that corrects the header of a fragmented MP4, in the origin,
 * so that it is done once for each slice that is stored: no byte moves.  The
 * beginning of the first slice is held back until it can be judged.  It has to
 * run where all is in memory.
 */
void ngx_voyo_mp4_header_init(void);


#endif /* _NGX_VOYO_MP4_HEADER_H_INCLUDED_ */
