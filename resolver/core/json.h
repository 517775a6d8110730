
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _JSON_H_INCLUDED_
#define _JSON_H_INCLUDED_


#include <cjson/cJSON.h>


/* A member that is a string, or NULL.  "json" may be NULL. */
const char *json_string(const cJSON *json, const char *name);

/* A member that is a finite number, or 0.  "json" may be NULL. */
double json_number(const cJSON *json, const char *name);


#endif /* _JSON_H_INCLUDED_ */
