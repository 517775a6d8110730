
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _CLASSIFY_H_INCLUDED_
#define _CLASSIFY_H_INCLUDED_


#include <stddef.h>

#include "voyo_class.h"


/*
 * yt-dlp tells its errors in prose; this finds the class in it
 * (docs/upstream.md, Y4).  A classifier is only read once it is made, so
 * threads may share it.
 */
typedef struct classify_s  classify_t;


/* NULL: out of memory.  classify_free(NULL) is allowed. */
classify_t *classify_create(void);
void classify_free(classify_t *classify);

/*
 * The class of an error: "len" bytes of all that yt-dlp warned of and threw.
 * What is not known is VOYO_CLASS_EXTRACTOR, and "*known" is 0 then, else 1;
 * nothing at all is VOYO_CLASS_INTERNAL.
 */
voyo_class_t classify_text(const classify_t *classify, const char *text,
    size_t len, int *known);


#endif /* _CLASSIFY_H_INCLUDED_ */
