
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _QUERY_H_INCLUDED_
#define _QUERY_H_INCLUDED_


#include <stddef.h>


/*
 * Reads the first parameter "name" of a URL's query, percent-decoded, into
 * "size" bytes at "value", with a terminating zero.  Returns its length; 0
 * when there is none or it is empty; -1 when it doesn't fit or is malformed.
 */
int query_get(const char *url, const char *name, char *value, size_t size);

/*
 * Whether a URL can be handed on: http or https, at most "max" bytes, of
 * printable ASCII only.
 */
int query_url_valid(const char *url, size_t max);


#endif /* _QUERY_H_INCLUDED_ */
