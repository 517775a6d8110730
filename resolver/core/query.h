
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _QUERY_H_INCLUDED_
#define _QUERY_H_INCLUDED_


#include <stddef.h>


/*
 * Reads the first parameter "name" of a URL's query, percent-decoded, into
 * "size" bytes at "value", with a terminating zero.  Returns its length; 0 if
 * it is missing or empty; -1 if it does not fit or is malformed.
 */
int query_get(const char *url, const char *name, char *value, size_t size);


#endif /* _QUERY_H_INCLUDED_ */
