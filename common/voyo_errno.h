
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _VOYO_ERRNO_H_INCLUDED_
#define _VOYO_ERRNO_H_INCLUDED_


/*
 * Results of the functions in common/ and resolver/: 0 is success, errors are
 * negative.
 */

#define VOYO_OK        0
#define VOYO_EINVAL   -1    /* the input violates its documented form */
#define VOYO_ENOMEM   -2    /* out of memory */
#define VOYO_ETOOBIG  -3    /* the result exceeds its documented bound */
#define VOYO_EIO      -4    /* the peer failed or is gone */
#define VOYO_ETIMEOUT -5    /* the peer did not answer in time */
#define VOYO_EAGAIN   -6    /* the input is incomplete */


#endif /* _VOYO_ERRNO_H_INCLUDED_ */
