
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _HOSTS_H_INCLUDED_
#define _HOSTS_H_INCLUDED_


/*
 * Whether a URL may be fetched: "allowed" has hosts and origins with spaces
 * between.  A host, "media.example", or a suffix of hosts, ".media.example",
 * allows https on port 443; an origin, "http://127.0.0.1:8081", that one.
 */
int hosts_allow(const char *allowed, const char *url);


#endif /* _HOSTS_H_INCLUDED_ */
