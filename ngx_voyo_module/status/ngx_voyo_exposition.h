
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_EXPOSITION_H_INCLUDED_
#define _NGX_VOYO_EXPOSITION_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * Metrics as text.  The samples of a family follow it.  When the buffer is
 * full, "last" is "end".
 */

typedef struct {
    u_char      *start;
    u_char      *last;
    u_char      *end;
    const char  *name;                 /* of the family */
    ngx_uint_t   open;                 /* OpenMetrics */
} ngx_voyo_exposition_t;


void ngx_voyo_exposition_family(ngx_voyo_exposition_t *e, const char *name,
    const char *type, const char *help);

/*
 * "suffix" is appended to the family's name; "labels" is a format of
 * ngx_sprintf().
 */
void ngx_voyo_exposition_sample(ngx_voyo_exposition_t *e, const char *suffix,
    double value, const char *labels, ...);

/* A family of one sample without labels. */
void ngx_voyo_exposition_gauge(ngx_voyo_exposition_t *e, const char *name,
    const char *help, double value);


#endif /* _NGX_VOYO_EXPOSITION_H_INCLUDED_ */
