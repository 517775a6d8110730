
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_MP4_HEADER_H_INCLUDED_
#define _NGX_VOYO_MP4_HEADER_H_INCLUDED_


/*
 * Ends the name of a representation whose header is made right where it is
 * that of a fragmented MP4.  The name, which is in the ETag and the cache's
 * key too, tells these bytes from those of the source; the number is to grow
 * with each change of what is done to them.
 */

#define NGX_VOYO_MP4_HEADER  ".m1"


#endif /* _NGX_VOYO_MP4_HEADER_H_INCLUDED_ */
