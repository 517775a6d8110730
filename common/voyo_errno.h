
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _VOYO_ERRNO_H_INCLUDED_
#define _VOYO_ERRNO_H_INCLUDED_


/*
 * Results of the functions of common/ and resolver/: 0 is success, what
 * went wrong is one of these.
 */

#define VOYO_OK        0
#define VOYO_EINVAL   -1    /* the input breaks the documented form */
#define VOYO_ENOMEM   -2    /* out of memory */
#define VOYO_ETOOBIG  -3    /* the result is beyond its documented bound */
#define VOYO_EIO      -4    /* the other side failed or is gone */
#define VOYO_ETIMEOUT -5    /* the other side did not answer in time */
#define VOYO_EAGAIN   -6    /* the input is not all there */


#endif /* _VOYO_ERRNO_H_INCLUDED_ */
