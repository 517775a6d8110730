
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_heartbeats.h"
#include "ngx_voyo_resolver_metrics.h"

#include <cjson/cJSON.h>


#define NGX_VOYO_LABEL_MAX  64


/* A field of a heartbeat, or of an object in it. */

typedef struct {
    const char  *name;
    const char  *type;
    const char  *help;                 /* of the first of a name */
    const char  *object;               /* or NULL */
    const char  *field;                /* or an object: each number in it */
    const char  *label;                /* name="value", or the name for each */
    double       scale;                /* to the base unit */
    const char  *equals;               /* a text, for which it is 1, else 0 */
    ngx_uint_t   absent;               /* counts as 0 */
} ngx_voyo_resolver_metric_t;


static void ngx_voyo_resolver_metric(ngx_voyo_exposition_t *e,
    const ngx_voyo_resolver_metric_t *metric, cJSON *heartbeat);
static void ngx_voyo_resolver_sample(ngx_voyo_exposition_t *e,
    const ngx_voyo_resolver_metric_t *metric, cJSON *heartbeat, cJSON *item,
    const char *label);
static void ngx_voyo_resolver_version(ngx_voyo_exposition_t *e,
    cJSON *heartbeat);
static char *ngx_voyo_resolver_label(cJSON *object, const char *name,
    char *label);


static const ngx_voyo_resolver_metric_t  ngx_voyo_resolver_table[] = {

    { "voyo_resolver_start_time_seconds", "gauge",
      "When the resolver was started, Unix time.",
      NULL, "started_at", "", 1, NULL, 0 },

    { "voyo_resolver_memory_bytes", "gauge",
      "Resident memory of the resolver and its yt-dlp processes.",
      NULL, "rss", "", 1, NULL, 0 },

    { "voyo_resolver_jobs_total", "counter",
      "Jobs that have ended, by result.",
      "jobs", "ok", "result=\"ok\"", 1, NULL, 0 },
    { "voyo_resolver_jobs_total", "counter", NULL,
      "jobs", "failed", "result", 1, NULL, 0 },

    { "voyo_resolver_proofs_total", "counter",
      "URLs whose last byte was fetched, or refused.",
      "jobs", "proved", "result=\"ok\"", 1, NULL, 0 },
    { "voyo_resolver_proofs_total", "counter", NULL,
      "jobs", "refused", "result=\"refused\"", 1, NULL, 0 },

    { "voyo_resolver_unknown_errors_total", "counter",
      "Messages of yt-dlp that no rule classifies.",
      "jobs", "unknown", "", 1, NULL, 0 },

    { "voyo_resolver_workers", "gauge", "yt-dlp processes, by state.",
      NULL, "workers", "state", 1, NULL, 0 },

    { "voyo_resolver_restarts_total", "counter",
      "yt-dlp processes that ended, were killed, or were replaced.",
      NULL, "restarts", "reason", 1, NULL, 0 },

    { "voyo_resolver_profile", "gauge",
      "Which profile jobs begin with.",
      NULL, "profile", "profile", 1, NULL, 0 },

    { "voyo_resolver_cold", "gauge",
      "Whether yt-dlp is started for each job.",
      NULL, "mode", "", 1, "cold", 0 },

    { "voyo_resolver_down", "gauge",
      "Whether each yt-dlp that starts is killed.",
      NULL, "mode", "", 1, "down", 0 },

    { "voyo_resolver_latency_seconds", "gauge",
      "Time from a job to its event, of the most recent jobs.",
      NULL, "latency", "percentile", 0.001, NULL, 0 },

    { "voyo_resolver_last_success_time_seconds", "gauge",
      "When the last track was resolved, Unix time.",
      NULL, "last_success", "", 1, NULL, 0 },

    { "voyo_resolver_failing_tracks", "gauge",
      "Different tracks in a row that failed for no reason of their own.",
      "failing", "tracks", "", 1, NULL, 1 },

    { "voyo_resolver_client_refused", "gauge",
      "Whether the source refuses yt-dlp's client.",
      NULL, "client_refused", "", 1, NULL, 0 },

    { "voyo_resolver_canary_up", "gauge",
      "Whether the last canary was resolved.",
      "canary", "result", "", 1, "ok", 0 },

    { "voyo_queue_length", "gauge",
      "Queued tracks of the egress, by lane.",
      NULL, "queues", "lane", 1, NULL, 0 },

    { "voyo_budget_limit", "gauge", "Extractions that an hour may have.",
      "budget", "limit", "", 1, NULL, 0 },

    { "voyo_budget_left", "gauge", "How many of them are left.",
      "budget", "left", "", 1, NULL, 0 },

    { "voyo_breaker_open", "gauge",
      "Whether the circuit breaker is open; half-open is 0.",
      "breaker", "state", "", 1, "open", 1 },

    { "voyo_breaker_left_seconds", "gauge",
      "Time until it is half-open.",
      "breaker", "left", "", 1, NULL, 1 },

    { "voyo_ytdlp_age_seconds", "gauge", "Time since yt-dlp's release.",
      NULL, "ytdlp_age", "", 86400, NULL, 0 }
};


void
ngx_voyo_resolver_metrics(ngx_voyo_exposition_t *e, redisReply *reply)
{
    cJSON                             *beats[NGX_VOYO_HEARTBEATS_MAX];
    ngx_uint_t                         i, k, n;
    const ngx_voyo_resolver_metric_t  *metric;

    ngx_voyo_exposition_gauge(e, "voyo_resolvers", "Live resolvers.",
                              (double) reply->elements);

    for (i = 0, n = 0;
         i < reply->elements && n < NGX_VOYO_HEARTBEATS_MAX;
         i++)
    {
        if (reply->element[i]->type == REDIS_REPLY_STRING) {
            beats[n] = cJSON_ParseWithLength(reply->element[i]->str,
                                             reply->element[i]->len);

            if (cJSON_IsObject(beats[n])) {
                n++;

            } else {
                cJSON_Delete(beats[n]);
            }
        }
    }

    if (n == 0) {
        return;
    }

    for (k = 0;
         k < sizeof(ngx_voyo_resolver_table)
             / sizeof(ngx_voyo_resolver_metric_t);
         k++)
    {
        metric = &ngx_voyo_resolver_table[k];

        if (metric->help) {
            ngx_voyo_exposition_family(e, metric->name, metric->type,
                                       metric->help);
        }

        for (i = 0; i < n; i++) {
            ngx_voyo_resolver_metric(e, metric, beats[i]);
        }
    }

    ngx_voyo_exposition_family(e, "voyo_ytdlp_info", "gauge",
                               "yt-dlp's version and its JavaScript runtime, "
                               "as labels.");

    for (i = 0; i < n; i++) {
        ngx_voyo_resolver_version(e, beats[i]);
        cJSON_Delete(beats[i]);
    }
}


static void
ngx_voyo_resolver_metric(ngx_voyo_exposition_t *e,
    const ngx_voyo_resolver_metric_t *metric, cJSON *heartbeat)
{
    u_char  label[NGX_VOYO_LABEL_MAX * 2];
    cJSON  *object, *item;

    object = metric->object ? cJSON_GetObjectItemCaseSensitive(heartbeat,
                                                               metric->object)
                            : heartbeat;
    object = cJSON_GetObjectItemCaseSensitive(object, metric->field);

    if (!cJSON_IsObject(object)) {
        ngx_voyo_resolver_sample(e, metric, heartbeat, object, metric->label);
        return;
    }

    cJSON_ArrayForEach(item, object) {

        if (cJSON_IsNumber(item)
            && strspn(item->string, "abcdefghijklmnopqrstuvwxyz_0123456789")
               == ngx_strlen(item->string))
        {
            *ngx_snprintf(label, sizeof(label) - 1, "%s=\"%s\"",
                          metric->label, item->string)
                = '\0';
            ngx_voyo_resolver_sample(e, metric, heartbeat, item,
                                     (char *) label);
        }
    }
}


static void
ngx_voyo_resolver_sample(ngx_voyo_exposition_t *e,
    const ngx_voyo_resolver_metric_t *metric, cJSON *heartbeat, cJSON *item,
    const char *label)
{
    char    name[NGX_VOYO_LABEL_MAX];
    double  value;

    if (metric->equals && cJSON_IsString(item)) {

        if (ngx_strcmp(item->valuestring, "pending") == 0) {

            /* the first canary has not ended */

            return;
        }

        value = ngx_strcmp(item->valuestring, metric->equals) == 0;

    } else if (metric->equals == NULL && cJSON_IsBool(item)) {
        value = cJSON_IsTrue(item);

    } else if (metric->equals == NULL && cJSON_IsNumber(item)) {
        value = item->valuedouble * metric->scale;

    } else if (metric->absent) {
        value = 0;

    } else {
        return;
    }

    ngx_voyo_exposition_sample(e, "", value, "resolver=\"%s\"%s%s",
                               ngx_voyo_resolver_label(heartbeat, "name",
                                                       name),
                               *label ? "," : "", label);
}


static void
ngx_voyo_resolver_version(ngx_voyo_exposition_t *e, cJSON *heartbeat)
{
    char  name[NGX_VOYO_LABEL_MAX], version[NGX_VOYO_LABEL_MAX];
    char  javascript[NGX_VOYO_LABEL_MAX];

    ngx_voyo_exposition_sample(e, "", 1,
                               "resolver=\"%s\",version=\"%s\","
                               "javascript=\"%s\"",
                               ngx_voyo_resolver_label(heartbeat, "name",
                                                       name),
                               ngx_voyo_resolver_label(heartbeat,
                                                       "ytdlp_version",
                                                       version),
                               ngx_voyo_resolver_label(heartbeat,
                                                       "javascript",
                                                       javascript));
}


/* Redis is not trusted: what would end a label is replaced. */

static char *
ngx_voyo_resolver_label(cJSON *object, const char *name, char *label)
{
    char   *p;
    cJSON  *item;

    item = cJSON_GetObjectItemCaseSensitive(object, name);

    ngx_cpystrn((u_char *) label,
                (u_char *) (cJSON_IsString(item) ? item->valuestring : ""),
                NGX_VOYO_LABEL_MAX);

    for (p = label; *p; p++) {
        if (*p < ' ' || *p > '~' || *p == '"' || *p == '\\') {
            *p = '_';
        }
    }

    return label;
}
