
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_cached.h"
#include "ngx_voyo_counters.h"
#include "ngx_voyo_header.h"
#include "ngx_voyo_health.h"
#include "ngx_voyo_heartbeats.h"
#include "ngx_voyo_process.h"
#include "ngx_voyo_zone.h"

#include "voyo_version.h"

#include <cjson/cJSON.h>


#define NGX_VOYO_HEALTH_FAILING    3     /* tracks in a row */


typedef enum {
    NGX_VOYO_HEALTHY = 0,
    NGX_VOYO_DEGRADED,
    NGX_VOYO_UNHEALTHY
} ngx_voyo_health_e;


static ngx_int_t ngx_voyo_health_send(ngx_http_request_t *r,
    redisReply *reply, ngx_uint_t usec);
static cJSON *ngx_voyo_health_json(ngx_http_request_t *r, redisReply *reply,
    ngx_voyo_health_e *health);
static size_t ngx_voyo_health_resolvers(ngx_http_request_t *r,
    redisReply *reply, cJSON *checks, ngx_voyo_health_e *health);
static void ngx_voyo_health_source(cJSON *heartbeat, cJSON *ytdlp,
    ngx_voyo_health_e *health);
static void ngx_voyo_health_failed(cJSON *ytdlp, const char *name,
    cJSON *reason, ngx_voyo_health_e *health);
static void ngx_voyo_health_cache(ngx_voyo_main_conf_t *vmcf, cJSON *checks,
    ngx_voyo_health_e *health);
static void ngx_voyo_health_media(ngx_uint_t tracks, cJSON *checks,
    ngx_voyo_health_e *health);
static void ngx_voyo_health_zone(ngx_shm_zone_t *zone, ngx_uint_t tracks,
    cJSON *checks);
static void ngx_voyo_health_clients(ngx_uint_t front, cJSON *checks);
static void ngx_voyo_health_log(ngx_str_t *file, cJSON *checks);
static cJSON *ngx_voyo_health_check(cJSON *checks, const char *name,
    const char *status);


ngx_int_t
ngx_voyo_health_handler(ngx_http_request_t *r)
{
    return ngx_voyo_heartbeats(r, ngx_voyo_health_send);
}


static ngx_int_t
ngx_voyo_health_send(ngx_http_request_t *r, redisReply *reply,
    ngx_uint_t usec)
{
    char                      *text;
    cJSON                     *json;
    ngx_str_t                  body, details;
    ngx_voyo_health_e          health;
    ngx_voyo_loc_conf_t       *vlcf;
    ngx_http_complex_value_t   cv;

    static ngx_str_t  type = ngx_string("application/json");

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    json = ngx_voyo_health_json(r, reply, &health);
    if (json == NULL) {
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    if (vlcf->details
        && (ngx_http_complex_value(r, vlcf->details, &details) != NGX_OK
            || details.len == 0
            || (details.len == 1 && details.data[0] == '0')))
    {
        cJSON_DeleteItemFromObject(json, "checks");
    }

    text = cJSON_PrintUnformatted(json);

    cJSON_Delete(json);

    if (text == NULL) {
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    body.len = ngx_strlen(text);
    body.data = ngx_pnalloc(r->pool, body.len + 1);

    if (body.data) {
        ngx_memcpy(body.data, text, body.len);
        body.data[body.len++] = LF;
    }

    cJSON_free(text);

    if (body.data == NULL
        || ngx_voyo_header_add(r, "Cache-Control", (u_char *) "no-store",
                               sizeof("no-store") - 1)
           == NULL)
    {
        return NGX_ERROR;
    }

    ngx_memzero(&cv, sizeof(ngx_http_complex_value_t));
    cv.value = body;

    return ngx_http_send_response(r, health == NGX_VOYO_UNHEALTHY
                                     ? NGX_HTTP_SERVICE_UNAVAILABLE
                                     : NGX_HTTP_OK, &type, &cv);
}


static cJSON *
ngx_voyo_health_json(ngx_http_request_t *r, redisReply *reply,
    ngx_voyo_health_e *health)
{
    size_t                  rss;
    cJSON                  *json, *memory, *checks, *check;
    ngx_voyo_main_conf_t   *vmcf;
    ngx_voyo_counters_t    *counters;
    ngx_voyo_zone_stats_t   stats;

    static const char  *names[] = { "healthy", "degraded", "unhealthy" };

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);

    counters = ngx_voyo_counters(vmcf->shm_zone);
    ngx_voyo_zone_stats(vmcf->shm_zone, &stats);

    json = cJSON_CreateObject();
    memory = cJSON_CreateObject();
    checks = cJSON_CreateObject();

    if (json == NULL || memory == NULL || checks == NULL) {
        cJSON_Delete(json);
        cJSON_Delete(memory);
        cJSON_Delete(checks);
        return NULL;
    }

    *health = NGX_VOYO_HEALTHY;

    if (reply && reply->type == REDIS_REPLY_ARRAY) {
        ngx_voyo_health_check(checks, "redis", "ok");

    } else {
        check = ngx_voyo_health_check(checks, "redis", "failed");

        if (reply && reply->type == REDIS_REPLY_ERROR) {
            reply->str[strcspn(reply->str, " ")] = '\0';
            cJSON_AddStringToObject(check, "reason", reply->str);

        } else if (ngx_voyo_redis_error(vmcf->connection)) {
            cJSON_AddStringToObject(check, "reason",
                                    ngx_voyo_redis_error(vmcf->connection));
        }

        /* known tracks still play */

        *health = stats.tracks ? NGX_VOYO_DEGRADED : NGX_VOYO_UNHEALTHY;
        reply = NULL;
    }

    rss = ngx_voyo_process_rss(vmcf->connection);
    rss += ngx_voyo_health_resolvers(r, reply, checks, health);

    ngx_voyo_health_media(counters->failing, checks, health);
    ngx_voyo_health_cache(vmcf, checks, health);
    ngx_voyo_health_zone(vmcf->shm_zone, stats.tracks, checks);
    ngx_voyo_health_clients(counters->front, checks);
    ngx_voyo_health_log(&vmcf->log_dropped, checks);

    if (counters->draining) {
        *health = NGX_VOYO_UNHEALTHY;
        cJSON_AddTrueToObject(json, "draining");
    }

    cJSON_AddStringToObject(json, "status", names[*health]);
    cJSON_AddNumberToObject(json, "uptime",
                            (double) (ngx_time() - counters->started));

    cJSON_AddNumberToObject(memory, "rss", (double) rss);
    cJSON_AddNumberToObject(memory, "heapUsed", (double) stats.used);
    cJSON_AddNumberToObject(memory, "heapTotal", (double) stats.size);
    cJSON_AddItemToObject(json, "memory", memory);

    cJSON_AddNumberToObject(json, "cacheSize", (double) stats.tracks);
    cJSON_AddStringToObject(json, "version", VOYO_VERSION);
    cJSON_AddItemToObject(json, "checks", checks);

    return json;
}


static size_t
ngx_voyo_health_resolvers(ngx_http_request_t *r, redisReply *reply,
    cJSON *checks, ngx_voyo_health_e *health)
{
    size_t                 rss;
    cJSON                 *heartbeat, *item, *resolver, *ytdlp;
    time_t                 since;
    ngx_uint_t             i, n, stalled;
    ngx_voyo_loc_conf_t   *vlcf;
    ngx_voyo_main_conf_t  *vmcf;

    if (reply == NULL) {

        /* without Redis their state is unknown */

        ngx_voyo_health_check(checks, "resolver", "unknown");
        ngx_voyo_health_check(checks, "ytdlp", "unknown");

        return 0;
    }

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);
    vlcf = ngx_http_get_module_loc_conf(r, ngx_voyo_module);

    rss = 0;
    n = reply->elements;
    since = ngx_voyo_counters_stalled(vmcf->shm_zone);
    stalled = (ngx_msec_t) since * 1000 > 2 * vlcf->resolve_timeout;

    resolver = ngx_voyo_health_check(checks, "resolver",
                                     n && !stalled ? "ok" : "failed");
    cJSON_AddNumberToObject(resolver, "count", (double) n);

    ytdlp = ngx_voyo_health_check(checks, "ytdlp", n ? "ok" : "unknown");

    if (stalled) {
        *health = NGX_VOYO_UNHEALTHY;
        cJSON_AddNumberToObject(resolver, "stalled", (double) since);

    } else if (n == 0) {
        *health = ngx_voyo_counters(vmcf->shm_zone)->resolver_seen
                  ? NGX_VOYO_DEGRADED : NGX_VOYO_UNHEALTHY;
    }

    if (n) {
        ngx_voyo_counters(vmcf->shm_zone)->resolver_seen = 1;
    }

    for (i = 0; i < n && i < NGX_VOYO_HEARTBEATS_MAX; i++) {

        if (reply->element[i]->type != REDIS_REPLY_STRING) {
            continue;
        }

        heartbeat = cJSON_ParseWithLength(reply->element[i]->str,
                                          reply->element[i]->len);

        item = cJSON_GetObjectItemCaseSensitive(heartbeat, "rss");

        if (cJSON_IsNumber(item) && item->valuedouble > 0
            && item->valuedouble < (double) NGX_MAX_INT_T_VALUE)
        {
            rss += (size_t) item->valuedouble;
        }

        item = cJSON_GetObjectItemCaseSensitive(heartbeat, "ytdlp_version");

        if (cJSON_IsString(item)
            && !cJSON_HasObjectItem(ytdlp, "version"))
        {
            cJSON_AddStringToObject(ytdlp, "version", item->valuestring);
        }

        item = cJSON_GetObjectItemCaseSensitive(heartbeat, "javascript");

        if (cJSON_IsString(item)
            && !cJSON_HasObjectItem(ytdlp, "javascript"))
        {
            cJSON_AddStringToObject(ytdlp, "javascript", item->valuestring);
        }

        ngx_voyo_health_source(heartbeat, ytdlp, health);

        cJSON_Delete(heartbeat);
    }

    return rss;
}


/* Failures of the source never make this machine unhealthy. */

static void
ngx_voyo_health_source(cJSON *heartbeat, cJSON *ytdlp,
    ngx_voyo_health_e *health)
{
    cJSON  *breaker, *canary, *mode, *refused, *failing;

    breaker = cJSON_GetObjectItemCaseSensitive(heartbeat, "breaker");
    mode = cJSON_GetObjectItemCaseSensitive(heartbeat, "mode");
    canary = cJSON_GetObjectItemCaseSensitive(heartbeat, "canary");
    canary = cJSON_GetObjectItemCaseSensitive(canary, "result");
    refused = cJSON_GetObjectItemCaseSensitive(heartbeat, "client_refused");
    failing = cJSON_GetObjectItemCaseSensitive(heartbeat, "failing");

    if (cJSON_IsObject(breaker)) {
        ngx_voyo_health_failed(ytdlp, "breaker", breaker, health);
    }

    if (cJSON_IsObject(failing)) {
        ngx_voyo_health_failed(ytdlp, "failing", failing, health);
    }

    if (cJSON_IsString(canary) && ngx_strcmp(canary->valuestring, "ok") != 0
        && ngx_strcmp(canary->valuestring, "pending") != 0)
    {
        ngx_voyo_health_failed(ytdlp, "canary", canary, health);
    }

    if (cJSON_IsString(mode) && ngx_strcmp(mode->valuestring, "warm") != 0) {
        ngx_voyo_health_failed(ytdlp, "mode", mode, health);
    }

    if (cJSON_IsTrue(refused)) {
        ngx_voyo_health_failed(ytdlp, "client_refused", refused, health);
    }
}


/* The reason of the first resolver that failed is shown. */

static void
ngx_voyo_health_failed(cJSON *ytdlp, const char *name, cJSON *reason,
    ngx_voyo_health_e *health)
{
    if (!cJSON_HasObjectItem(ytdlp, name)) {
        cJSON_AddItemToObject(ytdlp, name, cJSON_Duplicate(reason, 1));
    }

    cJSON_SetValuestring(cJSON_GetObjectItem(ytdlp, "status"), "failed");

    *health = ngx_max(*health, NGX_VOYO_DEGRADED);
}


/* If the cache is full, slices are passed on and fetched again. */

static void
ngx_voyo_health_cache(ngx_voyo_main_conf_t *vmcf, cJSON *checks,
    ngx_voyo_health_e *health)
{
    cJSON                  *check;
    ngx_uint_t              full;
    ngx_http_file_cache_t  *cache;

    cache = ngx_voyo_cache_of(vmcf);

    if (cache == NULL) {
        ngx_voyo_health_check(checks, "cache", "failed");
        return;
    }

    full = ngx_voyo_cache_full(cache);
    check = ngx_voyo_health_check(checks, "cache", full ? "failed" : "ok");

    if (full) {
        *health = ngx_max(*health, NGX_VOYO_DEGRADED);
    }

    cJSON_AddNumberToObject(check, "used",
                            (double) cache->sh->size * cache->bsize);
    cJSON_AddNumberToObject(check, "size",
                            (double) cache->max_size * cache->bsize);
}


/* Each of these tracks had its record, so the resolvers work. */

static void
ngx_voyo_health_media(ngx_uint_t tracks, cJSON *checks,
    ngx_voyo_health_e *health)
{
    cJSON       *check;
    ngx_uint_t   failing;

    failing = tracks >= NGX_VOYO_HEALTH_FAILING;
    check = ngx_voyo_health_check(checks, "media", failing ? "failed" : "ok");

    if (failing) {
        *health = ngx_max(*health, NGX_VOYO_DEGRADED);
        cJSON_AddNumberToObject(check, "tracks", (double) tracks);
    }
}


static void
ngx_voyo_health_zone(ngx_shm_zone_t *zone, ngx_uint_t tracks, cJSON *checks)
{
    cJSON              *check;
    ngx_uint_t          i;
    ngx_voyo_gauges_t   all;

    static const char  *names[] = {
        "refreshed_expired", "refreshed_early", "refreshed_other",
        "prefetch_ignored"
    };

    ngx_voyo_gauges_sum(zone, &all);

    check = ngx_voyo_health_check(checks, "zone", "ok");

    cJSON_AddNumberToObject(check, "tracks", (double) tracks);
    cJSON_AddNumberToObject(check, "parked",
                            (double) ngx_voyo_gauges_parked(&all));

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        cJSON_AddNumberToObject(check, names[i],
                               (double) ngx_voyo_counters(zone)->counts[i]);
    }
}


/* Listeners of all proxies play, but share one limit. */

static void
ngx_voyo_health_clients(ngx_uint_t front, cJSON *checks)
{
    cJSON  *check;

    static const char  *reasons[] = {
        "", "proxy_not_trusted", "no_x_forwarded_for"
    };

    check = ngx_voyo_health_check(checks, "clients", front ? "failed" : "ok");

    if (front) {
        cJSON_AddStringToObject(check, "reason", reasons[front]);
    }
}


static void
ngx_voyo_health_log(ngx_str_t *file, cJSON *checks)
{
    cJSON      *check;
    ngx_int_t   dropped;

    dropped = ngx_voyo_process_log_dropped(file);

    if (dropped != NGX_ERROR) {
        check = ngx_voyo_health_check(checks, "log", "ok");
        cJSON_AddNumberToObject(check, "dropped", (double) dropped);
    }
}


static cJSON *
ngx_voyo_health_check(cJSON *checks, const char *name, const char *status)
{
    cJSON  *check;

    check = cJSON_AddObjectToObject(checks, name);

    cJSON_AddStringToObject(check, "status", status);

    return check;
}
