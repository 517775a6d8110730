
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _LOG_H_INCLUDED_
#define _LOG_H_INCLUDED_


typedef enum {
    LOG_ERROR = 0,
    LOG_WARN,
    LOG_NOTICE,
    LOG_INFO
} log_level_t;


typedef struct {
    unsigned  json:1;             /* else text for people */
} log_t;


/*
 * Writes one event as one line, in a single write: as text to standard error,
 * or as a JSON object with "time", "level" and "message" to standard output.
 * It is cleaned, and what is longer than 4000 bytes is cut.
 */
void log_event(const log_t *log, log_level_t level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Makes a text fit for that, in place: a control character becomes a space,
 * and what is not UTF-8 a "?".  A signed media URL is a secret, and so is its
 * path alone: a word that has a "/" ends with its first "?", or with the name
 * of what signs it, as in "/expire/".
 */
void log_clean(char *text);


#endif /* _LOG_H_INCLUDED_ */
