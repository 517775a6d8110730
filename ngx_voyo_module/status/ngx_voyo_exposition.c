
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_exposition.h"


#define NGX_VOYO_EXPOSITION_MAX  1e15


void
ngx_voyo_exposition_family(ngx_voyo_exposition_t *e, const char *name,
    const char *type, const char *help)
{
    size_t  len;

    len = ngx_strlen(name);

    /* in OpenMetrics the samples of a counter have the suffix, it does not */

    if (e->open && ngx_strcmp(type, "counter") == 0) {
        len -= sizeof("_total") - 1;
    }

    e->name = name;
    e->last = ngx_slprintf(e->last, e->end, "# HELP %*s %s\n# TYPE %*s %s\n",
                           len, name, help, len, name, type);
}


void
ngx_voyo_exposition_sample(ngx_voyo_exposition_t *e, const char *suffix,
    double value, const char *labels, ...)
{
    u_char   *p;
    va_list   args;

    e->last = ngx_slprintf(e->last, e->end, "%s%s{", e->name, suffix);
    p = e->last;

    va_start(args, labels);
    e->last = ngx_vslprintf(e->last, e->end, labels, args);
    va_end(args);

    if (e->last == p && p > e->start) {

        /* without labels */

        e->last--;

    } else {
        e->last = ngx_slprintf(e->last, e->end, "}");
    }

    /* ngx_sprintf() prints numbers up to 2^63 */

    value = ngx_max(value, -NGX_VOYO_EXPOSITION_MAX);
    value = ngx_min(value, NGX_VOYO_EXPOSITION_MAX);

    if (value == (double) (int64_t) value) {
        e->last = ngx_slprintf(e->last, e->end, " %L\n", (int64_t) value);

    } else {
        e->last = ngx_slprintf(e->last, e->end, " %.6f\n", value);
    }
}


void
ngx_voyo_exposition_gauge(ngx_voyo_exposition_t *e, const char *name,
    const char *help, double value)
{
    ngx_voyo_exposition_family(e, name, "gauge", help);
    ngx_voyo_exposition_sample(e, "", value, "");
}
