
/*
 * Copyright (C) the VOYO authors
 */


#include "config.h"
#include "voyo_errno.h"

#include <hiredis/hiredis.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>


static int config_redis(config_t *config);
static int config_tls(config_t *config);
static int config_ytdlp(config_t *config);
static void config_ytdlp_find(config_t *config);
static int config_ytdlp_conf(config_t *config);
static int config_name(config_t *config);
static int config_canary(config_t *config);
static int config_plugin_dir(config_t *config);
static int config_plugin_found(const char *dir);
static int config_number(config_t *config, const char *name, unsigned *number,
    unsigned value, unsigned min, unsigned max);
static int config_timeout(config_t *config);
static const char *config_get(const char *name);


/* where the plugin may be, relative to the program's directory */

static const char *const  config_plugin_dirs[] = {
    "plugins", "../lib/voyo/plugins", "../share/voyo/plugins"
};


int
config_read(config_t *config)
{
    const char  *format;

    memset(config, 0, sizeof(config_t));

    format = config_get("VOYO_LOG_FORMAT");

    if (format && strcmp(format, "json") == 0) {
        config->log.json = 1;

    } else if (format && strcmp(format, "text") != 0) {
        log_event(&config->log, LOG_ERROR, "VOYO_LOG_FORMAT=\"%s\" is "
                  "wrong: it must be text or json", format);
        return VOYO_EINVAL;
    }

    if (config_redis(config) != VOYO_OK
        || config_ytdlp(config) != VOYO_OK
        || config_name(config) != VOYO_OK
        || config_number(config, "VOYO_YTDLP_WORKERS", &config->workers, 2,
                         1, CONFIG_WORKERS_MAX)
           != VOYO_OK
        || config_number(config, "VOYO_QUALITY_TOLERANCE",
                         &config->tolerance, 10, 0, 100)
           != VOYO_OK
        || config_timeout(config) != VOYO_OK
        || config_number(config, "VOYO_QUEUE", &config->queue, 1000,
                         1, 999999)
           != VOYO_OK
        || config_number(config, "VOYO_BUDGET", &config->budget, 250,
                         1, 100000)
           != VOYO_OK
        || config_number(config, "VOYO_PROOF", &config->proof, 1, 0, 1)
           != VOYO_OK
        || config_canary(config) != VOYO_OK
        || config_plugin_dir(config) != VOYO_OK)
    {
        return VOYO_EINVAL;
    }

    return VOYO_OK;
}


static int
config_redis(config_t *config)
{
    const char  *url, *reason;

    url = config_get("REDIS_URL");

    if (url == NULL) {
        url = "redis://127.0.0.1:6379";
    }

    if (voyo_redis_url_parse(&config->redis, url, strlen(url), &reason)
        != VOYO_OK)
    {
        log_event(&config->log, LOG_ERROR,
                  "REDIS_URL cannot be used, %s", reason);
        return VOYO_EINVAL;
    }

    return config->redis.tls ? config_tls(config) : VOYO_OK;
}


#ifdef VOYO_REDIS_TLS

void
config_free(config_t *config)
{
    SSL_CTX_free(config->redis_tls);
}


static int
config_tls(config_t *config)
{
    const char  *reason;

    config->redis_tls = voyo_redis_tls_create(&config->redis, &reason);

    if (config->redis_tls == NULL) {
        log_event(&config->log, LOG_ERROR, "REDIS_URL cannot be used, no "
                  "certificates in \"%s\": %s", config->redis.cacert[0]
                                                ? config->redis.cacert
                                                : VOYO_REDIS_CACERT, reason);
        return VOYO_EINVAL;
    }

    return VOYO_OK;
}

#else

void
config_free(config_t *config)
{
    (void) config;
}


static int
config_tls(config_t *config)
{
    log_event(&config->log, LOG_ERROR, "REDIS_URL cannot be used, hiredis "
              "%d.%d has no TLS for rediss://, it needs 1.0 or newer (Debian "
              "13) or VOYO's image", HIREDIS_MAJOR, HIREDIS_MINOR);

    return VOYO_EINVAL;
}

#endif


static int
config_ytdlp(config_t *config)
{
    unsigned char  address[sizeof(struct in6_addr)];

    config->ytdlp_path = config_get("YT_DLP_PATH");

    if (config->ytdlp_path == NULL) {
        config->ytdlp_path = "yt-dlp";
    }

    config_ytdlp_find(config);

    config->media_hosts = config_get("VOYO_MEDIA_HOSTS");

    if (config->media_hosts == NULL) {
        config->media_hosts = ".googlevideo.com";
    }

    config->source_address = config_get("VOYO_SOURCE_ADDRESS");

    if (config->source_address
        && inet_pton(AF_INET, config->source_address, address) != 1
        && inet_pton(AF_INET6, config->source_address, address) != 1)
    {
        log_event(&config->log, LOG_ERROR, "VOYO_SOURCE_ADDRESS=\"%s\" is "
                  "wrong: it must be an IPv4 or IPv6 address",
                  config->source_address);
        return VOYO_EINVAL;
    }

    config->ytdlp_conf = config_get("VOYO_YTDLP_CONF");

    if (config->ytdlp_conf) {
        return config_ytdlp_conf(config);
    }

    return VOYO_OK;
}


/* A bare name is searched on PATH once, so that file changes are noticed. */

static void
config_ytdlp_find(config_t *config)
{
    int          n;
    size_t       len;
    const char  *dir;

    dir = config_get("PATH");

    if (dir == NULL || strchr(config->ytdlp_path, '/')) {
        return;
    }

    for ( ;; dir += len + 1) {

        len = strcspn(dir, ":");

        n = snprintf(config->ytdlp_found, PATH_MAX, "%.*s/%s",
                     len ? (int) len : 1, len ? dir : ".",
                     config->ytdlp_path);

        if (n > 0 && n < PATH_MAX && access(config->ytdlp_found, X_OK) == 0) {
            config->ytdlp_path = config->ytdlp_found;
            return;
        }

        if (dir[len] == '\0') {
            return;
        }
    }
}


static int
config_ytdlp_conf(config_t *config)
{
    char     line[4096], *p;
    FILE    *file;

    file = fopen(config->ytdlp_conf, "re");

    if (file == NULL) {
        log_event(&config->log, LOG_ERROR, "VOYO_YTDLP_CONF is \"%s\", "
                  "which cannot be read: %m", config->ytdlp_conf);
        return VOYO_EINVAL;
    }

    while (fgets(line, sizeof(line), file)) {

        p = line + strspn(line, " \t");

        if (strncmp(p, "--proxy", 7) == 0
            && (p[7] == '\0' || strchr(" \t=\r\n", p[7])))
        {
            log_event(&config->log, LOG_ERROR, "VOYO_YTDLP_CONF sets "
                      "--proxy: a media URL only works from the address "
                      "that resolved it, and nginx would not use the proxy");
            fclose(file);
            return VOYO_EINVAL;
        }

        if (p[0] != '#' && (strstr(p, "youtube:") || strstr(p, "--cookies"))) {
            config->own_client = 1;
        }

        if (strncmp(p, "--plugin-dirs", 13) == 0) {
            config->own_plugins = 1;
        }
    }

    fclose(file);

    return VOYO_OK;
}


static int
config_name(config_t *config)
{
    char         host[CONFIG_NAME_MAX - 15], *p;
    size_t       len;
    uint32_t     number;
    const char  *egress, *name;

    egress = config_get("VOYO_EGRESS");
    egress = egress ? egress : "default";

    if (!voyo_egress_valid(egress, strlen(egress))) {
        log_event(&config->log, LOG_ERROR, "VOYO_EGRESS=\"%s\" is wrong: it "
                  "must be 1 to 32 of A-Z, a-z, 0-9, _, . and -", egress);
        return VOYO_EINVAL;
    }

    strcpy(config->egress, egress);

    name = config_get("VOYO_NAME");

    if (name == NULL) {
        if (gethostname(host, sizeof(host)) != 0) {
            strcpy(host, "resolver");
        }

        host[sizeof(host) - 1] = '\0';
        snprintf(config->name, sizeof(config->name), "%s-%d", host,
                 (int) getpid());

    } else {
        len = strlen(name);

        if (len > CONFIG_NAME_MAX) {
            len = CONFIG_NAME_MAX;
        }

        memcpy(config->name, name, len);
    }

    /* it becomes part of a key */

    for (p = config->name; *p; p++) {
        if (!voyo_egress_valid(p, 1)) {
            *p = '_';
        }
    }

    /* distinguishes resolvers of the same name, and restarts */

    if (getrandom(&number, sizeof(number), 0) != (ssize_t) sizeof(number)) {
        number = (uint32_t) getpid();
    }

    snprintf(config->instance, sizeof(config->instance), "%s-%08x",
             config->name, number);

    return VOYO_OK;
}


static int
config_canary(config_t *config)
{
    const char  *id;

    id = config_get("VOYO_CANARY");

    if (id && voyo_track_parse(config->canary, id, strlen(id)) != VOYO_OK) {
        log_event(&config->log, LOG_ERROR, "VOYO_CANARY=\"%s\" is wrong: it "
                  "must be a track id", id);
        return VOYO_EINVAL;
    }

    return config_number(config, "VOYO_CANARY_EVERY", &config->canary_every,
                         10, 1, 1440);
}


static int
config_plugin_dir(config_t *config)
{
    char         self[PATH_MAX], *slash;
    size_t       i;
    ssize_t      n;
    const char  *dir;

    dir = config_get("VOYO_PLUGIN_DIR");

    if (dir) {
        if (realpath(dir, config->plugin_dir) == NULL
            || !config_plugin_found(config->plugin_dir))
        {
            log_event(&config->log, LOG_ERROR, "VOYO_PLUGIN_DIR is \"%s\", "
                      "which does not contain yt-dlp's plugin", dir);
            return VOYO_EINVAL;
        }

        return VOYO_OK;
    }

    n = readlink("/proc/self/exe", self, sizeof(self) - 64);
    n = n < 0 ? 0 : n;
    self[n] = '\0';

    slash = strrchr(self, '/');
    slash = slash ? slash + 1 : self;

    for (i = 0; i < sizeof(config_plugin_dirs) / sizeof(char *); i++) {

        strcpy(slash, config_plugin_dirs[i]);

        if (realpath(self, config->plugin_dir)
            && config_plugin_found(config->plugin_dir))
        {
            return VOYO_OK;
        }
    }

    log_event(&config->log, LOG_ERROR, "yt-dlp's plugin was not found beside "
              "the program, set VOYO_PLUGIN_DIR");

    return VOYO_EINVAL;
}


static int
config_plugin_found(const char *dir)
{
    int   n;
    char  path[PATH_MAX];

    n = snprintf(path, sizeof(path),
                 "%s/voyo/yt_dlp_plugins/extractor/ytdlp_worker.py", dir);

    return n > 0 && n < PATH_MAX && access(path, R_OK) == 0;
}


static int
config_number(config_t *config, const char *name, unsigned *number,
    unsigned value, unsigned min, unsigned max)
{
    char           *end;
    const char     *text;
    unsigned long   n;

    text = config_get(name);

    if (text == NULL) {
        *number = value;
        return VOYO_OK;
    }

    n = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end || n < min || n > max) {
        log_event(&config->log, LOG_ERROR, "%s=\"%s\" is wrong: it must "
                  "be a number from %u to %u", name, text, min, max);
        return VOYO_EINVAL;
    }

    *number = (unsigned) n;

    return VOYO_OK;
}


/*
 * nginx's locks wait for 120 s, which must exceed three resolve timeouts and a
 * media host's timeout (docs/upstream.md, N13).
 */

static int
config_timeout(config_t *config)
{
    char        *end;
    int64_t      n;
    const char  *text;

    text = config_get("VOYO_RESOLVE_TIMEOUT");
    text = text ? text : "15s";

    n = strtol(text, &end, 10);

    if (strcmp(end, "s") == 0) {
        n = n > 30 ? -1 : n * 1000;

    } else if (strcmp(end, "ms") != 0) {
        n = -1;
    }

    if (text[0] < '0' || text[0] > '9' || n < 100 || n > 30000) {
        log_event(&config->log, LOG_ERROR, "VOYO_RESOLVE_TIMEOUT=\"%s\" is "
                  "wrong: it must be a time from 100ms to 30s, like 15s",
                  text);
        return VOYO_EINVAL;
    }

    config->resolve_timeout = n;

    return VOYO_OK;
}


/* An empty variable counts as unset. */

static const char *
config_get(const char *name)
{
    const char  *value;

    value = getenv(name);

    return value && *value ? value : NULL;
}
