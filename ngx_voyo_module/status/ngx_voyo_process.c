
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_process.h"


static size_t ngx_voyo_process_rss_of(ngx_pid_t pid);


size_t
ngx_voyo_process_rss(ngx_voyo_redis_t *redis)
{
    size_t     rss;
    ngx_int_t  i;

    rss = ngx_voyo_process_rss_of(ngx_parent)
          + ngx_voyo_process_rss_of(ngx_pid);

    for (i = 0; i < ngx_last_process; i++) {
        if (ngx_processes[i].pid > 0 && ngx_processes[i].pid != ngx_pid) {
            rss += ngx_voyo_process_rss_of(ngx_processes[i].pid);
        }
    }

    if (redis) {
        rss += ngx_voyo_process_rss_of(ngx_voyo_redis_pid(redis));
    }

    return rss;
}


static size_t
ngx_voyo_process_rss_of(ngx_pid_t pid)
{
    FILE           *f;
    char            path[sizeof("/proc//statm") + NGX_INT64_LEN];
    unsigned long   size, resident;

    if (pid <= 0) {
        return 0;
    }

    *ngx_sprintf((u_char *) path, "/proc/%P/statm", pid) = '\0';

    /* made by the kernel, from memory: this does not block */

    f = fopen(path, "re");
    if (f == NULL) {
        return 0;
    }

    if (fscanf(f, "%lu %lu", &size, &resident) != 2) {
        resident = 0;
    }

    fclose(f);

    return resident * ngx_pagesize;
}
