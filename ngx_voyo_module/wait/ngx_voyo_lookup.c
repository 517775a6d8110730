
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_counters.h"
#include "ngx_voyo_lookup.h"
#include "ngx_voyo_redis_script.h"
#include "ngx_voyo_request_id.h"
#include "ngx_voyo_takedown_log.h"
#include "ngx_voyo_waiters.h"
#include "ngx_voyo_zone.h"

#include "voyo_errno.h"
#include "voyo_key.h"
#include "voyo_record.h"


#define NGX_VOYO_NEWEST     9007199254740991      /* above any generation */
#define NGX_VOYO_KEYS_MAX   14
#define NGX_VOYO_ARGS_MAX   6


typedef struct {
    ngx_voyo_main_conf_t  *vmcf;
    ngx_voyo_waiters_node_t  *node;               /* NULL: no waiters */
    u_char                 track[VOYO_TRACK_LEN + 1];
} ngx_voyo_question_t;


static ngx_int_t ngx_voyo_lookup_ask(ngx_voyo_waiters_node_t *node, void *data);
static void ngx_voyo_lookup_leave(ngx_voyo_waiters_node_t *node,
    uint64_t client, void *data);
static void ngx_voyo_lookup_left(void *data, redisReply *reply);
static ngx_int_t ngx_voyo_lookup_want(ngx_voyo_main_conf_t *vmcf,
    ngx_voyo_waiters_node_t *node, ngx_str_t *track, uint64_t newer_than,
    const char *lane, uint64_t client);
static ngx_int_t ngx_voyo_lookup_run(ngx_voyo_main_conf_t *vmcf,
    const voyo_script_t *script, ngx_voyo_redis_reply_pt handler, void *data,
    const char **names, uint64_t client, const char **args, ngx_uint_t nargs);
static void ngx_voyo_lookup_answer(void *data, redisReply *reply);
static void ngx_voyo_lookup_tell(ngx_voyo_question_t *question,
    ngx_voyo_outcome_e outcome, const voyo_record_t *record);
static void ngx_voyo_lookup_record(ngx_voyo_question_t *question,
    redisReply *reply, ngx_voyo_outcome_e outcome);
static void ngx_voyo_lookup_unreadable(ngx_voyo_question_t *question,
    ngx_voyo_outcome_e outcome);
static void ngx_voyo_lookup_newer(ngx_voyo_question_t *question);
static void ngx_voyo_lookup_event(void *data, ngx_str_t *message);
static void ngx_voyo_lookup_count(ngx_voyo_waiter_t *w, ngx_int_t n,
    void *data);


static const char  *ngx_voyo_lanes[] = { "prefetch", "info", "play" };


static ngx_int_t
ngx_voyo_lookup_ask(ngx_voyo_waiters_node_t *node, void *data)
{
    return ngx_voyo_lookup_want(data, node, &node->sn.str, node->newer_than,
                                ngx_voyo_lanes[node->lane], node->client);
}


void
ngx_voyo_lookup_refresh(ngx_voyo_main_conf_t *vmcf, ngx_str_t *track,
    uint64_t newer_than)
{
    /* if Redis is not available, the next request repeats it */

    (void) ngx_voyo_lookup_want(vmcf, NULL, track, newer_than, "prefetch", 0);
}


static ngx_int_t
ngx_voyo_lookup_want(ngx_voyo_main_conf_t *vmcf, ngx_voyo_waiters_node_t *node,
    ngx_str_t *track, uint64_t newer_than, const char *lane, uint64_t client)
{
    u_char                number[NGX_INT64_LEN + 1];
    u_char                request[NGX_VOYO_REQUEST_ID_MAX + 1];
    const char           *args[NGX_VOYO_ARGS_MAX];
    ngx_voyo_question_t  *question;

    static ngx_str_t    none = ngx_null_string;
    static const char  *keys[] = {
        "track:", "failure:", "lease:", "alive:", "request:", "ban:",
        "jobs:play", "jobs:prefetch", "resolvers", "breaker", "budget",
        "limits", "turn:", "left:", NULL
    };

    question = ngx_alloc(sizeof(ngx_voyo_question_t), ngx_cycle->log);
    if (question == NULL) {
        return NGX_ERROR;
    }

    question->vmcf = vmcf;
    question->node = node;
    ngx_memcpy(question->track, track->data, VOYO_TRACK_LEN);
    question->track[VOYO_TRACK_LEN] = '\0';

    *ngx_sprintf(number, "%uL", newer_than) = '\0';

    args[0] = (char *) question->track;
    args[1] = (char *) vmcf->worker;
    args[2] = (char *) number;
    args[3] = lane;
    args[4] = (char *) request;

    *ngx_snprintf(request, NGX_VOYO_REQUEST_ID_MAX, "%V",
                  node ? &node->request_id : &none)
        = '\0';

    if (ngx_voyo_lookup_run(vmcf, &voyo_script_want, ngx_voyo_lookup_answer,
                            question, keys, client, args, 5)
        != NGX_OK)
    {
        ngx_free(question);
        return NGX_ERROR;
    }

    if (node) {
        ngx_voyo_redis_hold(vmcf->connection, 1);
    }

    return NGX_OK;
}


static void
ngx_voyo_lookup_leave(ngx_voyo_waiters_node_t *node, uint64_t client,
    void *data)
{
    u_char                 track[VOYO_TRACK_LEN + 1];
    const char            *args[NGX_VOYO_ARGS_MAX];
    ngx_voyo_main_conf_t  *vmcf = data;

    static const char  *keys[][5] = {
        { "alive:", "jobs:prefetch", "breaker", "left:", NULL },
        { "alive:", "jobs:play", "breaker", "left:", NULL }
    };

    *ngx_cpymem(track, node->track, VOYO_TRACK_LEN) = '\0';

    args[0] = (char *) track;
    args[1] = (char *) vmcf->worker;

    /* if it is lost, the job is dropped when it is popped, 3 s later */

    (void) ngx_voyo_lookup_run(vmcf, &voyo_script_leave, ngx_voyo_lookup_left,
                               NULL, keys[node->lane == NGX_VOYO_LANE_PLAY],
                               client, args, 2);
}


static void
ngx_voyo_lookup_left(void *data, redisReply *reply)
{
    /* void */
}


/*
 * The names of keys that end with a colon are completed by the track, args[0],
 * before the first that does not, and by the client after it.  The client is
 * the last argument too.
 */

static ngx_int_t
ngx_voyo_lookup_run(ngx_voyo_main_conf_t *vmcf, const voyo_script_t *script,
    ngx_voyo_redis_reply_pt handler, void *data, const char **names,
    uint64_t client, const char **args, ngx_uint_t nargs)
{
    char         keys[NGX_VOYO_KEYS_MAX][VOYO_KEY_MAX];
    u_char       key[2 * sizeof(uint64_t) + 1], count[NGX_INT_T_LEN + 1];
    ngx_uint_t   i, n, whole;
    const char  *argv[1 + NGX_VOYO_KEYS_MAX + NGX_VOYO_ARGS_MAX], *suffix;

    if (vmcf->connection == NULL) {
        return NGX_ERROR;
    }

    key[0] = '\0';

    if (client) {
        *ngx_sprintf(key, "%016xL", client) = '\0';
    }

    suffix = args[0];

    for (n = 0; names[n]; n++) {

        whole = names[n][ngx_strlen(names[n]) - 1] != ':';

        if (whole) {
            suffix = (char *) key;
        }

        if (voyo_key(keys[n], (char *) vmcf->egress.data, names[n],
                     whole ? NULL : suffix)
            < 0)
        {
            return NGX_ERROR;
        }

        argv[n + 1] = keys[n];
    }

    *ngx_sprintf(count, "%ui", n) = '\0';
    argv[0] = (char *) count;

    for (i = 0; i < nargs; i++) {
        argv[++n] = args[i];
    }

    argv[++n] = (char *) key;

    return ngx_voyo_redis_script(vmcf->connection, script, handler, data,
                                 (int) n + 1, argv);
}


static void
ngx_voyo_lookup_answer(void *data, redisReply *reply)
{
    char                  *kind;
    ngx_msec_t             pending;
    ngx_voyo_outcome_e     outcome;
    ngx_voyo_main_conf_t  *vmcf;
    ngx_voyo_question_t   *question;

    question = data;
    vmcf = question->vmcf;

    if (reply == NULL
        || reply->type != REDIS_REPLY_ARRAY
        || reply->elements == 0
        || reply->element[0]->type != REDIS_REPLY_STRING)
    {
        if (reply && reply->type == REDIS_REPLY_ERROR
            && voyo_script_failed(reply->str))
        {
            ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                          "redis failed to look up track \"%s\": \"%s\"",
                          question->track, reply->str);
        }

        ngx_voyo_count(vmcf->shm_zone, NGX_VOYO_REDIS_FAILED);

        if (question->node) {
            ngx_voyo_waiters_failed(question->node);
        }

        goto done;
    }

    kind = reply->element[0]->str;

    if (reply->elements >= 2 && reply->element[1]->type == REDIS_REPLY_STRING)
    {
        outcome = ngx_strcmp(kind, "record") == 0 ? NGX_VOYO_RECORD
                                                  : NGX_VOYO_FAILURE;
        ngx_voyo_lookup_record(question, reply, outcome);
        goto done;
    }

    pending = 0;

    if (ngx_strcmp(kind, "no_resolver") != 0) {
        pending = NGX_VOYO_WAIT_REPEAT;

        if (reply->elements >= 2
            && reply->element[1]->type == REDIS_REPLY_INTEGER)
        {
            pending = (ngx_msec_t) reply->element[1]->integer;
        }

        ngx_voyo_counters(vmcf->shm_zone)->resolver_seen = 1;
    }

    if (question->node && pending) {
        ngx_voyo_waiters_answer(question->node, pending,
                                NGX_VOYO_NO_RESOLVER, NULL);

    } else {
        ngx_voyo_lookup_tell(question, NGX_VOYO_NO_RESOLVER, NULL);
    }

done:

    if (question->node) {
        ngx_voyo_redis_hold(vmcf->connection, -1);
    }

    ngx_free(question);
}


static void
ngx_voyo_lookup_record(ngx_voyo_question_t *question, redisReply *reply,
    ngx_voyo_outcome_e outcome)
{
    int                    rc;
    redisReply            *text;
    voyo_record_t          record;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = question->vmcf;
    text = reply->element[1];

    rc = voyo_record_decode(&record, text->str, text->len);

    if (rc == VOYO_OK
        && (ngx_strcmp(record.id, question->track) != 0
            || (record.error == VOYO_CLASS_NONE)
               != (outcome == NGX_VOYO_RECORD)))
    {
        voyo_record_free(&record);
        rc = VOYO_EINVAL;
    }

    if (rc != VOYO_OK) {
        ngx_voyo_lookup_unreadable(question, outcome);
        return;
    }

    if (outcome == NGX_VOYO_RECORD) {
        rc = ngx_voyo_zone_put(vmcf->shm_zone, &record);
    }

    if (rc == NGX_DECLINED) {

        /* of before a takedown that the zone knows of */

        voyo_record_free(&record);
        ngx_voyo_lookup_newer(question);
        return;
    }

    if (rc == NGX_ERROR) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "no room for track \"%s\" in the zone, enlarge "
                      "\"voyo_zone\"", question->track);
    }

    if (outcome == NGX_VOYO_FAILURE && reply->elements == 3
        && reply->element[2]->type == REDIS_REPLY_INTEGER)
    {
        /* the remaining time, by the clock of Redis */

        record.retry_after = (uint32_t) reply->element[2]->integer;
    }

    ngx_voyo_lookup_tell(question, outcome, &record);

    voyo_record_free(&record);
}


static void
ngx_voyo_lookup_tell(ngx_voyo_question_t *question, ngx_voyo_outcome_e outcome,
    const voyo_record_t *record)
{
    if (question->node == NULL) {
        return;
    }

    /* a result without "pending" before does not show that resolvers work */

    if (question->node->pending) {
        ngx_voyo_counters(question->vmcf->shm_zone)->unanswered = 0;
    }

    ngx_voyo_waiters_answer(question->node, 0, outcome, record);
}


static void
ngx_voyo_lookup_unreadable(ngx_voyo_question_t *question,
    ngx_voyo_outcome_e outcome)
{
    voyo_record_t  failure;

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "unreadable %s of track \"%s\" in redis, it is not used",
                  outcome == NGX_VOYO_RECORD ? "record" : "failure",
                  question->track);

    if (outcome == NGX_VOYO_RECORD) {
        ngx_voyo_lookup_newer(question);
        return;
    }

    ngx_memzero(&failure, sizeof(voyo_record_t));

    failure.error = VOYO_CLASS_INTERNAL;
    failure.retry_after = voyo_class_info(VOYO_CLASS_INTERNAL)->kept;

    ngx_voyo_lookup_tell(question, outcome, &failure);
}


/* The record cannot be used, and hides what would be resolved. */

static void
ngx_voyo_lookup_newer(ngx_voyo_question_t *question)
{
    ngx_str_t  track;

    /* without a waiter the query is not repeated */

    if (question->node == NULL) {
        return;
    }

    track.data = question->track;
    track.len = VOYO_TRACK_LEN;

    (void) ngx_voyo_lookup_want(question->vmcf, NULL, &track, NGX_VOYO_NEWEST,
                                "play", 0);

    ngx_voyo_waiters_answer(question->node, NGX_VOYO_WAIT_REPEAT,
                            NGX_VOYO_RECORD, NULL);
}


static void
ngx_voyo_lookup_event(void *data, ngx_str_t *message)
{
    ngx_str_t              track;
    uint64_t               known;
    ngx_int_t              generation;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = data;

    if (message == NULL) {
        ngx_voyo_takedown_log_read(vmcf);
        return;
    }

    /* "<id> <generation>", "<id> taken", or "moved <generation>" */

    if (message->len > sizeof("moved ") - 1
        && ngx_strncmp(message->data, "moved ", sizeof("moved ") - 1) == 0)
    {
        generation = ngx_atoi(message->data + sizeof("moved ") - 1,
                              message->len - (sizeof("moved ") - 1));

        if (generation > 0) {
            ngx_voyo_zone_moved(vmcf->shm_zone, generation);
        }

        return;
    }

    if (message->len < VOYO_TRACK_LEN + 2
        || message->data[VOYO_TRACK_LEN] != ' ')
    {
        return;
    }

    if (message->data[VOYO_TRACK_LEN + 1] == 't') {
        ngx_voyo_takedown_log_read(vmcf);
    }

    /* a job has ended, even if its clients have left */

    ngx_voyo_counters(vmcf->shm_zone)->unanswered = 0;

    track.data = message->data;
    track.len = VOYO_TRACK_LEN;

    if (ngx_voyo_waiters_event(vmcf->wait, &track)) {
        return;
    }

    generation = ngx_atoi(message->data + VOYO_TRACK_LEN + 1,
                          message->len - VOYO_TRACK_LEN - 1);

    known = ngx_voyo_zone_generation(vmcf->shm_zone, &track);

    if (known == 0 || generation <= 0 || known >= (uint64_t) generation) {
        return;
    }

    (void) ngx_voyo_lookup_want(vmcf, NULL, &track, known, "none", 0);
}


static void
ngx_voyo_lookup_count(ngx_voyo_waiter_t *w, ngx_int_t n, void *data)
{
    ngx_voyo_main_conf_t  *vmcf;

    static const ngx_voyo_parked_e  lanes[] = {
        NGX_VOYO_PARKED_PREFETCH, NGX_VOYO_PARKED_INFO, NGX_VOYO_PARKED_PLAY
    };

    vmcf = data;

    ngx_voyo_counters_park(vmcf->shm_zone,
                           w->newer_than ? NGX_VOYO_PARKED_URL
                                         : lanes[w->lane],
                           n);

    if (vmcf->connection) {
        ngx_voyo_redis_hold(vmcf->connection, n);
    }
}


ngx_int_t
ngx_voyo_lookup_heartbeats(ngx_voyo_main_conf_t *vmcf,
    ngx_voyo_redis_reply_pt handler, void *data)
{
    char         key[VOYO_KEY_MAX], written[VOYO_KEY_MAX];
    char         prefix[VOYO_KEY_MAX];
    const char  *argv[4], *egress;

    egress = (char *) vmcf->egress.data;

    if (vmcf->connection == NULL
        || voyo_key(key, egress, "resolvers", NULL) < 0
        || voyo_key(written, egress, "health", NULL) < 0
        || voyo_key(prefix, egress, "resolver:", NULL) < 0)
    {
        return NGX_ERROR;
    }

    argv[0] = "2";
    argv[1] = key;
    argv[2] = written;
    argv[3] = prefix;

    return ngx_voyo_redis_script(vmcf->connection, &voyo_script_heartbeats,
                                 handler, data, 4, argv);
}


ngx_int_t
ngx_voyo_lookup_init(ngx_cycle_t *cycle, ngx_voyo_main_conf_t *vmcf)
{
    char  *channel;

    /* the slot may have been another worker's */

    ngx_voyo_gauges_reset(vmcf->shm_zone);

    *ngx_sprintf(vmcf->worker, "%08xD.%P", vmcf->salt, ngx_pid) = '\0';

    vmcf->wait = ngx_voyo_waiters_create(cycle->pool, cycle->log, vmcf->waiters,
                                         ngx_voyo_lookup_ask,
                                         ngx_voyo_lookup_leave,
                                         ngx_voyo_lookup_count, vmcf);
    if (vmcf->wait == NULL) {
        return NGX_ERROR;
    }

    channel = ngx_palloc(cycle->pool, VOYO_KEY_MAX);
    if (channel == NULL) {
        return NGX_ERROR;
    }

    if (voyo_key(channel, (char *) vmcf->egress.data, "events", NULL) < 0) {
        return NGX_ERROR;
    }

    vmcf->connection = ngx_voyo_redis_create(cycle, vmcf->redis, channel,
                                             ngx_voyo_lookup_event, vmcf);
    if (vmcf->connection == NULL) {
        return NGX_ERROR;
    }

    return NGX_OK;
}
