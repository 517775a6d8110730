
/*
 * Copyright (C) the VOYO authors
 */


#include "heartbeat.h"
#include "worker.h"

#include <unistd.h>

#include <cjson/cJSON.h>


static cJSON *heartbeat_workers(heartbeat_t *heartbeat, size_t *rss);
static cJSON *heartbeat_jobs(heartbeat_t *heartbeat);


static const char *const  heartbeat_states[HEARTBEAT_STATES] = {
    "down", "starting", "idle", "busy"
};


char *
heartbeat_json(heartbeat_t *heartbeat, const config_t *config, int64_t play,
    int64_t prefetch)
{
    char     *text;
    cJSON    *json, *queues;
    size_t    rss;
    int64_t   last;

    json = cJSON_CreateObject();
    rss = worker_rss(getpid());

    cJSON_AddStringToObject(json, "name", config->name);
    cJSON_AddStringToObject(json, "ytdlp_version", heartbeat->version);
    cJSON_AddStringToObject(json, "mode", "warm");
    cJSON_AddItemToObject(json, "workers",
                          heartbeat_workers(heartbeat, &rss));

    queues = cJSON_AddObjectToObject(json, "queues");
    cJSON_AddNumberToObject(queues, "play", (double) play);
    cJSON_AddNumberToObject(queues, "prefetch", (double) prefetch);

    cJSON_AddItemToObject(json, "jobs", heartbeat_jobs(heartbeat));

    last = atomic_load(&heartbeat->last_success);

    if (last) {
        cJSON_AddNumberToObject(json, "last_success", (double) last);

    } else {
        cJSON_AddNullToObject(json, "last_success");
    }

    cJSON_AddNumberToObject(json, "rss", (double) rss);
    cJSON_AddNumberToObject(json, "started_at",
                            (double) heartbeat->started_at);
    cJSON_AddNullToObject(json, "breaker");

    text = cJSON_PrintUnformatted(json);

    cJSON_Delete(json);

    return text;
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

    return json;
}
