
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _TAP_H_INCLUDED_
#define _TAP_H_INCLUDED_


#include <stdio.h>


/*
 * The main() of a test calls ok() for each condition that must be true, and
 * returns done().
 */

static int  tap_count;
static int  tap_failed;


#define ok(condition, ...)  tap_ok((condition) ? 1 : 0, __LINE__, __VA_ARGS__)


__attribute__((format(printf, 3, 4)))
static inline void
tap_ok(int passed, int line, const char *format, ...)
{
    char               name[256];
    __builtin_va_list  args;

    __builtin_va_start(args, format);
    vsnprintf(name, sizeof(name), format, args);
    __builtin_va_end(args);

    printf("%sok %d - %s\n", passed ? "" : "not ", ++tap_count, name);

    if (!passed) {
        printf("# line %d\n", line);
        tap_failed = 1;
    }
}


static inline int
done(void)
{
    printf("1..%d\n", tap_count);

    return tap_failed;
}


#endif /* _TAP_H_INCLUDED_ */
