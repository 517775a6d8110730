
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _VOYO_URL_H_INCLUDED_
#define _VOYO_URL_H_INCLUDED_


#include <stddef.h>


/*
 * Whether a URL can be handed on: http or https, at most "max" bytes, of
 * printable ASCII only.  Some programs drop or encode other bytes, and then
 * read another host in it than was checked.
 */
int voyo_url_valid(const char *url, size_t max);


#endif /* _VOYO_URL_H_INCLUDED_ */
