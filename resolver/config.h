
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
#ifdef VOYO_REDIS_TLS
#include "voyo_redis_tls.h"
#endif
#include "voyo_track.h"


#define CONFIG_WORKERS_MAX  64
#define CONFIG_NAME_MAX     64
#define CONFIG_INSTANCE_MAX (CONFIG_NAME_MAX + 9)   /* it and "-01234567" */


/*
 * The configuration from the environment.  It is read once, before the threads
 * start, and never changes; its strings have the same lifetime.
 */
typedef struct {
    log_t             log;
    voyo_redis_url_t  redis;
#ifdef VOYO_REDIS_TLS
    SSL_CTX          *redis_tls;       /* NULL: not rediss:// */
#endif
    const char       *ytdlp_path;      /* if a bare name: not on PATH */
    const char       *ytdlp_conf;      /* NULL: none */
    unsigned          own_client;      /* that file selects the client */
    unsigned          own_plugins;     /* it names directories of plugins */
    const char       *source_address;  /* NULL: any */
    char              egress[VOYO_EGRESS_MAX + 1];
    char              name[CONFIG_NAME_MAX + 1];
    char              instance[CONFIG_INSTANCE_MAX + 1];
    char              plugin_dir[PATH_MAX];
    char              ytdlp_found[PATH_MAX];    /* as found on PATH */
    unsigned          workers;         /* 1 to CONFIG_WORKERS_MAX */
    unsigned          tolerance;       /* per cent, 0 to 100 */
    int64_t           resolve_timeout; /* milliseconds, 100 to 30000 */
    const char       *media_hosts;     /* VOYO_MEDIA_HOSTS */
    unsigned          queue;           /* maximum number of queued tracks */
    unsigned          budget;          /* extractions per hour, not for plays */
    unsigned          proof;           /* whether to fetch a URL's last byte */
    char              canary[VOYO_TRACK_LEN + 1];    /* empty: none */
    unsigned          canary_every;    /* minutes */
} config_t;


/*
 * Reads the environment.  Returns VOYO_OK; or VOYO_EINVAL, and logs one line
 * that names the invalid variable and the reason, without a value that may
 * contain a password.
 */
int config_read(config_t *config);
void config_free(config_t *config);


#endif /* _CONFIG_H_INCLUDED_ */
