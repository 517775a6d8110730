
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _VOYO_CLASS_H_INCLUDED_
#define _VOYO_CLASS_H_INCLUDED_


#include <stddef.h>


/*
 * Why a track could not be resolved.  The order is the table's in
 * voyo_class.c; the names there are used in records, problem bodies, logs and
 * heartbeats.  Source: docs/upstream.md, Y4.
 */

typedef enum {
    VOYO_CLASS_NONE = 0,
    VOYO_CLASS_PRIVATE,
    VOYO_CLASS_UNAVAILABLE,
    VOYO_CLASS_AGE_RESTRICTED,
    VOYO_CLASS_PAID,
    VOYO_CLASS_GEO_BLOCKED,
    VOYO_CLASS_DRM,
    VOYO_CLASS_LIVE,
    VOYO_CLASS_UPCOMING,
    VOYO_CLASS_NO_AUDIO,
    VOYO_CLASS_UNSUPPORTED_PROTOCOL,
    VOYO_CLASS_BOT_CHECK,
    VOYO_CLASS_RATE_LIMITED,
    VOYO_CLASS_CLIENT_REFUSED,
    VOYO_CLASS_FORBIDDEN,
    VOYO_CLASS_TIMEOUT,
    VOYO_CLASS_NETWORK,
    VOYO_CLASS_TLS,
    VOYO_CLASS_UPSTREAM,
    VOYO_CLASS_NO_FORMATS,
    VOYO_CLASS_EXTRACTOR,
    VOYO_CLASS_INTERNAL,
    VOYO_CLASS_LEGAL,         /* by the operator: a ban */
    VOYO_CLASS_BUSY,          /* by VOYO: too many wait already */
    VOYO_CLASS_BUDGET,        /* by VOYO: only plays are resolved */
    VOYO_CLASS_MAX
} voyo_class_t;


typedef struct {
    const char  *name;
    const char  *title;       /* one sentence of VOYO's for the client */
    unsigned     status;      /* HTTP status of the response */
    unsigned     kept;        /* seconds the failure is stored, or the
                                 breaker stays open */
    unsigned     kept_max;    /* the same, after many in a row; 0: no growth */
    unsigned     permanent:1; /* a retry will not help */
    unsigned     global:1;    /* concerns all tracks, not this one */
} voyo_class_info_t;


/* Never NULL; an unknown class is described as VOYO_CLASS_INTERNAL. */
const voyo_class_info_t *voyo_class_info(voyo_class_t class);

/* The class of that exact name, or VOYO_CLASS_NONE. */
voyo_class_t voyo_class_by_name(const char *name, size_t len);


#endif /* _VOYO_CLASS_H_INCLUDED_ */
