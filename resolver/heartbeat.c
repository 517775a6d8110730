
/*
 * Copyright (C) the VOYO authors
 */


#include "clock.h"
#include "heartbeat.h"
#include "worker.h"

#include <string.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>


static void heartbeat_ytdlp(heartbeat_t *heartbeat, cJSON *json);
static int64_t heartbeat_age(uint64_t version);
static cJSON *heartbeat_workers(heartbeat_t *heartbeat, size_t *rss);
static cJSON *heartbeat_restarts(heartbeat_t *heartbeat);
static cJSON *heartbeat_profile(heartbeat_t *heartbeat);
static cJSON *heartbeat_jobs(heartbeat_t *heartbeat);
static void heartbeat_failing(heartbeat_t *heartbeat, cJSON *json);
static void heartbeat_latency(cJSON *json, const char *name,
    quantile_t *quantile);
static void heartbeat_shared(cJSON *json, const config_t *config,
    const store_status_t *status);
static void heartbeat_canary(heartbeat_t *heartbeat, cJSON *json,
    const config_t *config);
static void heartbeat_time(cJSON *json, const char *name, long long time);


static const char *const  heartbeat_states[HEARTBEAT_STATES] = {
    "down", "starting", "idle", "busy"
};


void
heartbeat_ended(heartbeat_t *heartbeat, const char *id, voyo_class_t class)
{
    unsigned long long  track;

    if (class == VOYO_CLASS_NONE) {
        atomic_fetch_add(&heartbeat->ok, 1);
        atomic_store(&heartbeat->doubt, 0);
        atomic_store(&heartbeat->last_success, (long long) time(NULL));

    } else {
        atomic_fetch_add(&heartbeat->failed[class], 1);
    }

    if (class == VOYO_CLASS_UNAVAILABLE) {
        atomic_fetch_add(&heartbeat->doubt, 1);

    } else if (class == VOYO_CLASS_CLIENT_REFUSED) {
        atomic_fetch_add(&heartbeat->doubt, 4);
    }

    if (voyo_class_info(class)->status < 500) {
        atomic_store(&heartbeat->failing, 0);
        return;
    }

    /* the end of an id is enough to tell tracks apart */

    memcpy(&track, id + VOYO_TRACK_LEN - sizeof(track), sizeof(track));

    atomic_store(&heartbeat->failing_class, (int) class);

    if (atomic_exchange(&heartbeat->failing_track, track) != track) {
        atomic_fetch_add(&heartbeat->failing, 1);
    }
}


char *
heartbeat_json(heartbeat_t *heartbeat, const config_t *config,
    const store_status_t *status)
{
    char    *text;
    cJSON   *json;
    size_t   rss;

    json = cJSON_CreateObject();
    rss = worker_rss(getpid());

    cJSON_AddStringToObject(json, "name", config->name);

    heartbeat_ytdlp(heartbeat, json);

    cJSON_AddItemToObject(json, "workers",
                          heartbeat_workers(heartbeat, &rss));
    cJSON_AddItemToObject(json, "restarts", heartbeat_restarts(heartbeat));
    cJSON_AddItemToObject(json, "profile", heartbeat_profile(heartbeat));
    cJSON_AddItemToObject(json, "jobs", heartbeat_jobs(heartbeat));
    heartbeat_failing(heartbeat, json);

    heartbeat_latency(json, "latency", &heartbeat->latency);
    heartbeat_latency(json, "own", &heartbeat->own);
    heartbeat_time(json, "last_success",
                   atomic_load(&heartbeat->last_success));
    heartbeat_shared(json, config, status);
    heartbeat_canary(heartbeat, json, config);

    cJSON_AddNumberToObject(json, "rss", (double) rss);
    cJSON_AddNumberToObject(json, "started_at",
                            (double) heartbeat->started_at);

    text = cJSON_PrintUnformatted(json);

    cJSON_Delete(json);

    return text;
}


/* While the workers are being replaced, the oldest version counts. */

static void
heartbeat_ytdlp(heartbeat_t *heartbeat, cJSON *json)
{
    int                  cold, down, state;
    char                 text[YTDLP_VERSION_MAX];
    unsigned             i;
    unsigned long long   version, found;
    heartbeat_worker_t  *worker;

    version = 0;
    cold = 0;
    down = 1;

    for (i = 0; i < heartbeat->nworkers; i++) {

        worker = &heartbeat->workers[i];
        found = atomic_load(&worker->version);
        state = atomic_load(&worker->state);
        cold |= atomic_load(&worker->cold);
        down &= state < HEARTBEAT_IDLE
                && atomic_load(&worker->failures) >= HEARTBEAT_ENDS;

        if (found && (version == 0 || found < version)) {
            version = found;
        }
    }

    ytdlp_version_text(text, version);

    cJSON_AddStringToObject(json, "ytdlp_version", text);
    cJSON_AddNumberToObject(json, "ytdlp_age",
                            (double) heartbeat_age(version));
    cJSON_AddStringToObject(json, "mode", down ? "down"
                                          : cold ? "cold" : "warm");
    cJSON_AddStringToObject(json, "javascript", heartbeat->javascript);
    cJSON_AddBoolToObject(json, "client_refused",
                       atomic_load(&heartbeat->doubt) >= HEARTBEAT_DOUBT);
}


/* Days since the date of a version. */

static int64_t
heartbeat_age(uint64_t version)
{
    unsigned   date;
    struct tm  tm = { 0 };

    date = (unsigned) (version / 1000000);

    if (date == 0) {
        return 0;
    }

    tm.tm_year = (int) (date / 10000) - 1900;
    tm.tm_mon = (int) (date / 100 % 100) - 1;
    tm.tm_mday = (int) (date % 100);

    return ((int64_t) time(NULL) - (int64_t) timegm(&tm)) / 86400;
}


void
heartbeat_met(heartbeat_t *heartbeat, char text[HEARTBEAT_MET_MAX])
{
    char                 met[YTDLP_MET_MAX];
    size_t               len;
    unsigned             i;
    heartbeat_worker_t  *worker;

    text[0] = '\0';
    len = 0;

    for (i = 0; i < heartbeat->nworkers; i++) {

        worker = &heartbeat->workers[i];

        ytdlp_met(met, atomic_load(&worker->version),
                  atomic_load(&worker->configuration));

        if (strstr(text, met) == NULL
            && len + YTDLP_MET_MAX < HEARTBEAT_MET_MAX)
        {
            len += (size_t) sprintf(text + len, "%s%s", len ? " " : "", met);
        }
    }
}


static cJSON *
heartbeat_workers(heartbeat_t *heartbeat, size_t *rss)
{
    int        state;
    cJSON     *json;
    unsigned   i, n[HEARTBEAT_STATES] = { 0 };

    for (i = 0; i < heartbeat->nworkers; i++) {

        n[atomic_load(&heartbeat->workers[i].state)]++;

        *rss += worker_rss(atomic_load(&heartbeat->workers[i].pid));
    }

    json = cJSON_CreateObject();

    for (state = 0; state < HEARTBEAT_STATES; state++) {
        cJSON_AddNumberToObject(json, heartbeat_states[state], n[state]);
    }

    return json;
}


static cJSON *
heartbeat_restarts(heartbeat_t *heartbeat)
{
    int        reason;
    cJSON     *json;
    unsigned   i, n;

    static const char *const  names[HEARTBEAT_RESTARTS] = {
        "ended", "killed", "replaced"
    };

    json = cJSON_CreateObject();

    for (reason = 0; reason < HEARTBEAT_RESTARTS; reason++) {
        n = 0;

        for (i = 0; i < heartbeat->nworkers; i++) {
            n += atomic_load(&heartbeat->workers[i].restarts[reason]);
        }

        cJSON_AddNumberToObject(json, names[reason], n);
    }

    return json;
}


/* 1 for the one that jobs begin with. */

static cJSON *
heartbeat_profile(heartbeat_t *heartbeat)
{
    int     profile, first;
    cJSON  *json;

    first = clock_now() < atomic_load(&heartbeat->profile_until)
            ? atomic_load(&heartbeat->profile) : YTDLP_FAST;

    json = cJSON_CreateObject();

    for (profile = 0; profile < YTDLP_PROFILES; profile++) {
        cJSON_AddNumberToObject(json,
                                ytdlp_profile_name((ytdlp_profile_t) profile),
                                profile == first);
    }

    return json;
}


static cJSON *
heartbeat_jobs(heartbeat_t *heartbeat)
{
    int                  class;
    cJSON               *json, *failed;
    unsigned long long   n;

    json = cJSON_CreateObject();

    cJSON_AddNumberToObject(json, "ok",
                            (double) atomic_load(&heartbeat->ok));

    failed = cJSON_AddObjectToObject(json, "failed");

    for (class = VOYO_CLASS_NONE + 1; class < VOYO_CLASS_MAX; class++) {

        n = atomic_load(&heartbeat->failed[class]);

        if (n) {
            cJSON_AddNumberToObject(failed,
                               voyo_class_info((voyo_class_t) class)->name,
                               (double) n);
        }
    }

    cJSON_AddNumberToObject(json, "unknown",
                            (double) atomic_load(&heartbeat->unknown.seen));
    cJSON_AddNumberToObject(json, "proved",
                            (double) atomic_load(&heartbeat->proved));
    cJSON_AddNumberToObject(json, "refused",
                            (double) atomic_load(&heartbeat->refused));

    return json;
}


static void
heartbeat_failing(heartbeat_t *heartbeat, cJSON *json)
{
    int        class;
    cJSON     *item;
    unsigned   n;

    n = atomic_load(&heartbeat->failing);
    class = atomic_load(&heartbeat->failing_class);

    if (n < HEARTBEAT_FAILING) {
        cJSON_AddNullToObject(json, "failing");
        return;
    }

    item = cJSON_AddObjectToObject(json, "failing");

    cJSON_AddStringToObject(item, "class",
                            voyo_class_info((voyo_class_t) class)->name);
    cJSON_AddNumberToObject(item, "tracks", n);
}


/* In milliseconds. */

static void
heartbeat_latency(cJSON *json, const char *name, quantile_t *quantile)
{
    cJSON  *item;

    item = cJSON_AddObjectToObject(json, name);

    cJSON_AddNumberToObject(item, "p50", quantile_get(quantile, 0.5));
    cJSON_AddNumberToObject(item, "p95", quantile_get(quantile, 0.95));
    cJSON_AddNumberToObject(item, "p99", quantile_get(quantile, 0.99));
}


static void
heartbeat_shared(cJSON *json, const config_t *config,
    const store_status_t *status)
{
    int64_t   left;
    cJSON    *item;

    item = cJSON_AddObjectToObject(json, "queues");
    cJSON_AddNumberToObject(item, "play", (double) status->play);
    cJSON_AddNumberToObject(item, "prefetch", (double) status->prefetch);

    left = (int64_t) config->budget - status->spent;

    item = cJSON_AddObjectToObject(json, "budget");
    cJSON_AddNumberToObject(item, "limit", config->budget);
    cJSON_AddNumberToObject(item, "left", left > 0 ? (double) left : 0);

    if (status->breaker == VOYO_CLASS_NONE) {
        cJSON_AddNullToObject(json, "breaker");
        return;
    }

    item = cJSON_AddObjectToObject(json, "breaker");

    cJSON_AddStringToObject(item, "state", status->left > 0 ? "open"
                                                            : "half_open");
    cJSON_AddStringToObject(item, "class",
                            voyo_class_info(status->breaker)->name);
    cJSON_AddNumberToObject(item, "left",
                            (double) ((status->left + 999) / 1000));
}


static void
heartbeat_canary(heartbeat_t *heartbeat, cJSON *json, const config_t *config)
{
    int         class;
    cJSON      *item;
    long long   at;

    if (config->canary[0] == '\0') {
        cJSON_AddNullToObject(json, "canary");
        return;
    }

    at = atomic_load(&heartbeat->canary_at);
    class = atomic_load(&heartbeat->canary);

    item = cJSON_AddObjectToObject(json, "canary");

    cJSON_AddStringToObject(item, "id", config->canary);
    cJSON_AddStringToObject(item, "result", at == 0 ? "pending"
                            : class == VOYO_CLASS_NONE ? "ok"
                            : voyo_class_info((voyo_class_t) class)->name);
    heartbeat_time(item, "at", at);
}


static void
heartbeat_time(cJSON *json, const char *name, long long time)
{
    if (time) {
        cJSON_AddNumberToObject(json, name, (double) time);

    } else {
        cJSON_AddNullToObject(json, name);
    }
}
