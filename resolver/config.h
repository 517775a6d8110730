
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _CONFIG_H_INCLUDED_
#define _CONFIG_H_INCLUDED_


#include <limits.h>
#include <stdint.h>

#include "log.h"
#include "voyo_key.h"
#include "voyo_redis_url.h"
#include "voyo_track.h"


#define CONFIG_WORKERS_MAX  64
#define CONFIG_NAME_MAX     64
#define CONFIG_INSTANCE_MAX (CONFIG_NAME_MAX + 9)   /* it and "-01234567" */


/*
 * What the environment asks for.  It is read once, before the threads start,
 * and never changes; the strings live as long as it does.
 */
typedef struct {
    log_t             log;
    voyo_redis_url_t  redis;
    const char       *ytdlp_path;      /* a bare name: not on PATH */
    const char       *ytdlp_conf;      /* NULL: none */
    unsigned          own_client;      /* it says as whom to ask */
    const char       *source_address;  /* NULL: any */
    char              egress[VOYO_EGRESS_MAX + 1];
    char              name[CONFIG_NAME_MAX + 1];
    char              instance[CONFIG_INSTANCE_MAX + 1];
    char              plugin_dir[PATH_MAX];
    char              ytdlp_found[PATH_MAX];    /* where on PATH it is */
    unsigned          workers;         /* 1 to CONFIG_WORKERS_MAX */
    unsigned          tolerance;       /* per cent, 0 to 100 */
    int64_t           resolve_timeout; /* milliseconds, 100 to 30000 */
    const char       *media_hosts;     /* as VOYO_MEDIA_HOSTS has them */
    unsigned          queue;           /* tracks that may wait */
    unsigned          budget;          /* extractions an hour, not for plays */
    unsigned          proof;           /* whether a URL's tail is tried */
    char              canary[VOYO_TRACK_LEN + 1];    /* empty: none */
    unsigned          canary_every;    /* minutes */
} config_t;


/*
 * Reads the environment.  Returns VOYO_OK; or VOYO_EINVAL, and one line in
 * the log says which variable can't be used and why, without its value where
 * that may hold a password.
 */
int config_read(config_t *config);


#endif /* _CONFIG_H_INCLUDED_ */
