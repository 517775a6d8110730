
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _LOG_H_INCLUDED_
#define _LOG_H_INCLUDED_


#include <stddef.h>


typedef enum {
    LOG_ERROR = 0,
    LOG_WARN,
    LOG_NOTICE,
    LOG_INFO
} log_level_t;


typedef struct {
    unsigned  json:1;             /* 0: plain text */
} log_t;


/*
 * Writes one event as one line, in a single write: as text to standard error,
 * or as a JSON object with "time", "level" and "message" to standard output.
 * The message is cleaned, and cut after 4000 bytes.  What would have to wait
 * for a reader is dropped; the next event that is written says how many were.
 */
void log_event(const log_t *log, log_level_t level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Makes an object like that of log_event() of a line that another program has
 * logged, with its end: "json" has room for "size" bytes, above 256, and the
 * message is cut to fit.  A line of nginx has its time and level, any other the
 * current time and "info".  Returns the length.
 */
size_t log_convert(char *json, size_t size, const char *line);

/*
 * Makes a text safe to log, in place: control characters become spaces, bytes
 * that are not UTF-8 become "?".  Signed media URLs are secret, also without
 * their query: a word that contains a "/" ends at its first "?", or after a
 * segment that a signature follows, such as "/expire/".
 */
void log_clean(char *text);


#endif /* _LOG_H_INCLUDED_ */
