
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _CLASSIFY_H_INCLUDED_
#define _CLASSIFY_H_INCLUDED_


#include <stddef.h>

#include "voyo_class.h"


/*
 * yt-dlp reports errors as prose; this finds the class (docs/upstream.md, Y4).
 * A classifier does not change once it is created, so threads may share it.
 */
typedef struct classify_s  classify_t;


/* NULL: out of memory.  classify_free(NULL) is allowed. */
classify_t *classify_create(void);
void classify_free(classify_t *classify);

/*
 * The class of "len" bytes of yt-dlp's warnings and error.  An unknown text is
 * VOYO_CLASS_EXTRACTOR and sets "*known" to 0, any other to 1; an empty text is
 * VOYO_CLASS_INTERNAL.  "*line" is where the line that decided begins.
 */
voyo_class_t classify_text(const classify_t *classify, const char *text,
    size_t len, int *known, size_t *line);


#endif /* _CLASSIFY_H_INCLUDED_ */
