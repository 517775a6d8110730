
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _VOYO_URL_H_INCLUDED_
#define _VOYO_URL_H_INCLUDED_


#include <stddef.h>


/*
 * Whether a URL can be used: http or https, at most "max" bytes, of printable
 * ASCII only.  Some programs drop or encode other bytes, and then connect to a
 * host other than the one that was checked.
 */
int voyo_url_valid(const char *url, size_t max);


#endif /* _VOYO_URL_H_INCLUDED_ */
