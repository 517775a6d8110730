
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_cached.h"
#include "ngx_voyo_counters.h"
#include "ngx_voyo_header.h"
#include "ngx_voyo_heartbeats.h"
#include "ngx_voyo_metrics.h"
#include "ngx_voyo_process.h"
#include "ngx_voyo_resolver_metrics.h"
#include "ngx_voyo_zone.h"

#include "voyo_format.h"
#include "voyo_version.h"


#define NGX_VOYO_METRICS_SIZE  (192 * 1024)


typedef struct {
    ngx_voyo_counter_e   counter;
    const char          *name;
    const char          *help;         /* of the first of a name */
    const char          *labels;
} ngx_voyo_metrics_counter_t;


static ngx_int_t ngx_voyo_metrics_send(ngx_http_request_t *r,
    redisReply *reply, ngx_uint_t usec);
static void ngx_voyo_metrics_requests(ngx_voyo_exposition_t *e,
    ngx_voyo_counters_t *counters);
static void ngx_voyo_metrics_histogram(ngx_voyo_exposition_t *e,
    const char *labels, ngx_voyo_histogram_t *histogram);
static void ngx_voyo_metrics_state(ngx_voyo_exposition_t *e,
    ngx_voyo_main_conf_t *vmcf);
static void ngx_voyo_metrics_cache(ngx_voyo_exposition_t *e,
    ngx_voyo_main_conf_t *vmcf);


static const ngx_voyo_metrics_counter_t  ngx_voyo_metrics_counters[] = {

    { NGX_VOYO_SENT_BYTES, "voyo_sent_bytes_total",
      "Bytes sent to clients, with headers.", "" },

    { NGX_VOYO_SLICE_HIT, "voyo_slices_total",
      "Slices sent to clients: from the cache (hit), from the cache after "
      "waiting for another request to store it (waited), or from the source "
      "(miss).", "result=\"hit\"" },
    { NGX_VOYO_SLICE_WAITED, "voyo_slices_total", NULL, "result=\"waited\"" },
    { NGX_VOYO_SLICE_MISS, "voyo_slices_total", NULL, "result=\"miss\"" },

    { NGX_VOYO_CUT_SLICE, "voyo_cuts_total",
      "Responses that were closed early, because a later slice was not "
      "complete (slice) or could not be fetched (source); before the first "
      "byte of a range in mid-track (resume); or because the track was taken "
      "down (takedown).",
      "reason=\"slice\"" },
    { NGX_VOYO_CUT_SOURCE, "voyo_cuts_total", NULL, "reason=\"source\"" },
    { NGX_VOYO_CUT_RESUME, "voyo_cuts_total", NULL, "reason=\"resume\"" },
    { NGX_VOYO_CUT_TAKEDOWN, "voyo_cuts_total", NULL,
      "reason=\"takedown\"" },

    { NGX_VOYO_RETRY, "voyo_retries_total",
      "Further attempts at a slice, after its header or in mid-track.", "" },

    { NGX_VOYO_FILLS_AHEAD, "voyo_fills_total",
      "Slices queued to be stored: read ahead, or prefetched.",
      "kind=\"ahead\"" },
    { NGX_VOYO_FILLS_PREFETCH, "voyo_fills_total", NULL,
      "kind=\"prefetch\"" },

    { NGX_VOYO_FILLS_DROPPED, "voyo_fills_dropped_total",
      "Fills that were not queued because too many waited (queue), or were "
      "refused because the budget is spent (budget) or by the client's limit "
      "(limit).", "reason=\"queue\"" },
    { NGX_VOYO_FILLS_BUDGET, "voyo_fills_dropped_total", NULL,
      "reason=\"budget\"" },
    { NGX_VOYO_FILLS_LIMIT, "voyo_fills_dropped_total", NULL,
      "reason=\"limit\"" },

    { NGX_VOYO_PREFETCH_IGNORED, "voyo_prefetch_ignored_total",
      "Values of the parameter prefetch that were unusable or dropped.", "" },

    { NGX_VOYO_MEDIA_2XX, "voyo_media_responses_total",
      "Responses of media hosts, by status; none: no response.",
      "code=\"2xx\"" },
    { NGX_VOYO_MEDIA_3XX, "voyo_media_responses_total", NULL,
      "code=\"3xx\"" },
    { NGX_VOYO_MEDIA_403, "voyo_media_responses_total", NULL,
      "code=\"403\"" },
    { NGX_VOYO_MEDIA_404, "voyo_media_responses_total", NULL,
      "code=\"404\"" },
    { NGX_VOYO_MEDIA_429, "voyo_media_responses_total", NULL,
      "code=\"429\"" },
    { NGX_VOYO_MEDIA_4XX, "voyo_media_responses_total", NULL,
      "code=\"4xx\"" },
    { NGX_VOYO_MEDIA_5XX, "voyo_media_responses_total", NULL,
      "code=\"5xx\"" },
    { NGX_VOYO_MEDIA_NONE, "voyo_media_responses_total", NULL,
      "code=\"none\"" },

    { NGX_VOYO_MEDIA_BYTES, "voyo_media_received_bytes_total",
      "Bytes received from media hosts.", "" },

    { NGX_VOYO_REPAIR_REDIRECT, "voyo_repairs_total",
      "Repairs of a failed request to a media host: with the URL of a "
      "redirect, on another connection, or with the URL's other host.",
      "kind=\"redirect\"" },
    { NGX_VOYO_REPAIR_CONNECTION, "voyo_repairs_total", NULL,
      "kind=\"connection\"" },
    { NGX_VOYO_REPAIR_HOST, "voyo_repairs_total", NULL, "kind=\"host\"" },

    { NGX_VOYO_REFRESH_EXPIRED, "voyo_url_renewals_total",
      "Media URLs that were renewed, because they had expired, were refused "
      "before that, or failed otherwise.", "cause=\"expired\"" },
    { NGX_VOYO_REFRESH_EARLY, "voyo_url_renewals_total", NULL,
      "cause=\"refused\"" },
    { NGX_VOYO_REFRESH_OTHER, "voyo_url_renewals_total", NULL,
      "cause=\"other\"" },

    { NGX_VOYO_TAKEN_FILES, "voyo_takedown_files_total",
      "Cached files that were removed because of takedowns.", "" },

    { NGX_VOYO_EVICTED, "voyo_zone_evictions_total",
      "Tracks and URLs removed from the zone to make room.", "" },

    { NGX_VOYO_REDIS_FAILED, "voyo_redis_errors_total",
      "Queries for a track that Redis did not answer, or with an error.", "" }
};


ngx_int_t
ngx_voyo_metrics_handler(ngx_http_request_t *r)
{
    return ngx_voyo_heartbeats(r, ngx_voyo_metrics_send);
}


static ngx_int_t
ngx_voyo_metrics_send(ngx_http_request_t *r, redisReply *reply,
    ngx_uint_t usec)
{
    ngx_str_t                *accept;
    ngx_uint_t                up;
    ngx_voyo_main_conf_t     *vmcf;
    ngx_voyo_exposition_t     e;
    ngx_http_complex_value_t  cv;

    static ngx_str_t  text = ngx_string("text/plain; version=0.0.4; "
                                        "charset=utf-8");
    static ngx_str_t  open = ngx_string("application/openmetrics-text; "
                                        "version=1.0.0; charset=utf-8");

    vmcf = ngx_http_get_module_main_conf(r, ngx_voyo_module);

    e.start = ngx_palloc(r->pool, NGX_VOYO_METRICS_SIZE);
    if (e.start == NULL) {
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    e.last = e.start;
    e.end = e.start + NGX_VOYO_METRICS_SIZE;
    e.name = NULL;

    accept = ngx_voyo_header_find(&r->headers_in.headers, "Accept");
    e.open = accept && ngx_strlcasestrn(accept->data,
                                        accept->data + accept->len,
                                        (u_char *) "openmetrics-text",
                                        sizeof("openmetrics-text") - 2);

    ngx_voyo_metrics_requests(&e, ngx_voyo_counters(vmcf->shm_zone));
    ngx_voyo_metrics_state(&e, vmcf);
    ngx_voyo_metrics_cache(&e, vmcf);

    up = (reply && reply->type == REDIS_REPLY_ARRAY);

    ngx_voyo_exposition_gauge(&e, "voyo_redis_up",
                              "Whether Redis answers and accepts writes.",
                              up);

    ngx_voyo_exposition_family(&e, "voyo_redis_state", "gauge",
                               "Its state: ok, unavailable, tls, or the first "
                               "word of its refusal.");

    if (reply && reply->type == REDIS_REPLY_ERROR) {
        reply->str[strspn(reply->str, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] = '\0';
    }

    ngx_voyo_exposition_sample(&e, "", 1, "state=\"%s\"",
                               up ? "ok"
                               : reply && reply->type == REDIS_REPLY_ERROR
                                 ? reply->str
                               : ngx_voyo_redis_error(vmcf->connection)
                                 ? "tls" : "unavailable");

    if (up) {
        ngx_voyo_exposition_gauge(&e, "voyo_redis_latency_seconds",
                                  "The time of one query.",
                                  (double) usec / 1000000);
        ngx_voyo_resolver_metrics(&e, reply);
    }

    if (e.open) {
        e.last = ngx_slprintf(e.last, e.end, "# EOF\n");
    }

    if (e.last == e.end) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "the metrics are longer than %d bytes",
                      NGX_VOYO_METRICS_SIZE);
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    if (ngx_voyo_header_add(r, "Cache-Control", (u_char *) "no-store",
                            sizeof("no-store") - 1)
        == NULL)
    {
        return NGX_ERROR;
    }

    ngx_memzero(&cv, sizeof(ngx_http_complex_value_t));
    cv.value.data = e.start;
    cv.value.len = e.last - e.start;

    return ngx_http_send_response(r, NGX_HTTP_OK, e.open ? &open : &text,
                                  &cv);
}


static void
ngx_voyo_metrics_requests(ngx_voyo_exposition_t *e,
    ngx_voyo_counters_t *counters)
{
    ngx_uint_t                          i;
    ngx_voyo_response_t                *response;
    const ngx_voyo_metrics_counter_t   *counter;

    ngx_voyo_exposition_family(e, "voyo_responses_total", "counter",
                               "Responses to clients; with status 200 or 206, "
                               "a problem is the cause of an early end.");

    for (i = 0; i < counters->nresponses; i++) {
        response = &counters->responses[i];

        ngx_voyo_exposition_sample(e, "", (double) response->count,
                                   "handler=\"%s\",code=\"%ui\","
                                   "problem=\"%s\"",
                                   response->info ? "track" : "stream",
                                   response->status, response->problem);
    }

    ngx_voyo_exposition_family(e, "voyo_plays_total", "counter",
                               "Responses with audio, and whether their first "
                               "slice was cached.");

    for (i = 0; i < NGX_VOYO_PLAYS_MAX; i++) {
        ngx_voyo_exposition_sample(e, "",
                              (double) counters->counts[NGX_VOYO_PLAYS + i],
                              "quality=\"%s\",codec=\"%s\",cache=\"%s\"",
                              voyo_quality_name((voyo_quality_t) (i / 4)),
                              voyo_codec_name((voyo_codec_t) (i / 2 % 2)),
                              i % 2 ? "hit" : "miss");
    }

    ngx_voyo_exposition_family(e, "voyo_first_byte_seconds", "histogram",
                               "From the start of a request to the header of "
                               "its response with audio.");

    ngx_voyo_metrics_histogram(e, "cache=\"miss\"", &counters->first_byte[0]);
    ngx_voyo_metrics_histogram(e, "cache=\"hit\"", &counters->first_byte[1]);

    ngx_voyo_exposition_family(e, "voyo_resolve_seconds", "histogram",
                               "How long requests waited for an unknown "
                               "track.");

    ngx_voyo_metrics_histogram(e, "", &counters->resolve);

    for (i = 0;
         i < sizeof(ngx_voyo_metrics_counters)
             / sizeof(ngx_voyo_metrics_counter_t);
         i++)
    {
        counter = &ngx_voyo_metrics_counters[i];

        if (counter->help) {
            ngx_voyo_exposition_family(e, counter->name, "counter",
                                       counter->help);
        }

        ngx_voyo_exposition_sample(e, "",
                                (double) counters->counts[counter->counter],
                                "%s", counter->labels);
    }
}


/* The bounds are those of ngx_voyo_buckets, in seconds. */

static void
ngx_voyo_metrics_histogram(ngx_voyo_exposition_t *e, const char *labels,
    ngx_voyo_histogram_t *histogram)
{
    ngx_uint_t   i;
    const char  *comma;
    double       n;

    static const char  *bounds[NGX_VOYO_BUCKETS] = {
        "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5",
        "5.0", "10.0"
    };

    n = 0;
    comma = *labels ? "," : "";

    for (i = 0; i < NGX_VOYO_BUCKETS; i++) {
        n += (double) histogram->buckets[i];

        ngx_voyo_exposition_sample(e, "_bucket", n, "%s%sle=\"%s\"", labels,
                                   comma, bounds[i]);
    }

    n += (double) histogram->buckets[i];

    ngx_voyo_exposition_sample(e, "_bucket", n, "%s%sle=\"+Inf\"", labels,
                               comma);
    ngx_voyo_exposition_sample(e, "_sum", (double) histogram->sum / 1000,
                               "%s", labels);
    ngx_voyo_exposition_sample(e, "_count", n, "%s", labels);
}


static void
ngx_voyo_metrics_state(ngx_voyo_exposition_t *e, ngx_voyo_main_conf_t *vmcf)
{
    ngx_int_t               dropped;
    ngx_uint_t              i;
    ngx_voyo_gauges_t       all;
    ngx_voyo_counters_t    *counters;
    ngx_voyo_zone_stats_t   stats;
    ngx_voyo_takedowns_t   *takedowns;

    static const char  *reasons[NGX_VOYO_PARKED_MAX] = {
        "track", "description", "prefetch", "url"
    };

    counters = ngx_voyo_counters(vmcf->shm_zone);
    takedowns = ngx_voyo_zone_takedowns(vmcf->shm_zone);

    ngx_voyo_gauges_sum(vmcf->shm_zone, &all);
    ngx_voyo_zone_stats(vmcf->shm_zone, &stats);

    ngx_voyo_exposition_family(e, "voyo_build_info", "gauge",
                               "The version, as a label.");
    ngx_voyo_exposition_sample(e, "", 1, "version=\"%s\"", VOYO_VERSION);

    ngx_voyo_exposition_gauge(e, "voyo_start_time_seconds",
                              "When the zone was created, Unix time.",
                              (double) counters->started);

    ngx_voyo_exposition_gauge(e, "voyo_draining",
                              "Whether the operator has this machine drained.",
                              (double) counters->draining);

    ngx_voyo_exposition_gauge(e, "voyo_listeners",
                              "Requests for audio that are in progress.",
                              (double) all.listeners);

    ngx_voyo_exposition_family(e, "voyo_parked_requests", "gauge",
                               "Requests that wait for a track, for its "
                               "description, to prefetch it, or for a newer "
                               "URL.");

    for (i = 0; i < NGX_VOYO_PARKED_MAX; i++) {
        ngx_voyo_exposition_sample(e, "", (double) all.parked[i],
                                   "reason=\"%s\"", reasons[i]);
    }

    ngx_voyo_exposition_family(e, "voyo_fills", "gauge",
                               "Fills that run, and that wait.");
    ngx_voyo_exposition_sample(e, "", (double) all.running,
                               "state=\"running\"");
    ngx_voyo_exposition_sample(e, "", (double) all.waiting,
                               "state=\"waiting\"");

    ngx_voyo_exposition_gauge(e, "voyo_stalled_seconds",
                              "For how long requests have waited for tracks "
                              "without an answer to any of them.",
                              (double) ngx_voyo_counters_stalled(
                                                          vmcf->shm_zone));

    ngx_voyo_exposition_gauge(e, "voyo_media_failing_tracks",
                              "Different tracks in a row of which no slice "
                              "could be fetched.",
                              (double) counters->failing);

    ngx_voyo_exposition_gauge(e, "voyo_clients_unidentified",
                              "Whether a proxy in front does not say which "
                              "client a request is from.",
                              counters->front != 0);

    ngx_voyo_exposition_gauge(e, "voyo_zone_tracks", "Tracks in the zone.",
                              (double) stats.tracks);
    ngx_voyo_exposition_gauge(e, "voyo_zone_used_bytes",
                              "Used memory of the zone.",
                              (double) stats.used);
    ngx_voyo_exposition_gauge(e, "voyo_zone_size_bytes",
                              "Size of the zone.", (double) stats.size);

    ngx_voyo_exposition_family(e, "voyo_takedowns_total", "counter",
                               "Takedowns that this nginx has carried out: "
                               "nothing of the track is played any more.");
    ngx_voyo_exposition_sample(e, "", (double) takedowns->n, "");

    ngx_voyo_exposition_gauge(e, "voyo_takedowns_pending",
                              "Takedowns whose cached files have yet to be "
                              "removed.",
                              ngx_voyo_cache_of(vmcf)
                              ? (double) (takedowns->n - takedowns->removed)
                              : 0);

    dropped = ngx_voyo_process_log_dropped(&vmcf->log_dropped);

    if (dropped != NGX_ERROR) {
        ngx_voyo_exposition_family(e, "voyo_log_dropped_lines_total",
                                   "counter",
                                   "Lines of the log that were not read.");
        ngx_voyo_exposition_sample(e, "", (double) dropped, "");
    }
}


static void
ngx_voyo_metrics_cache(ngx_voyo_exposition_t *e, ngx_voyo_main_conf_t *vmcf)
{
    ngx_http_file_cache_t  *cache;

    cache = ngx_voyo_cache_of(vmcf);

    ngx_voyo_exposition_gauge(e, "voyo_cache_writable",
                              "Whether slices can be stored.",
                              cache && !ngx_voyo_cache_full(cache));

    if (cache == NULL) {
        return;
    }

    ngx_voyo_exposition_gauge(e, "voyo_cache_used_bytes",
                              "Size of the cached slices.",
                              (double) cache->sh->size * cache->bsize);
    ngx_voyo_exposition_gauge(e, "voyo_cache_size_bytes",
                              "Size above which slices are removed.",
                              (double) cache->max_size * cache->bsize);
    ngx_voyo_exposition_gauge(e, "voyo_cache_free_bytes",
                              "Free space of the disk.",
                              (double) ngx_fs_available(
                                                   cache->path->name.data));
}
