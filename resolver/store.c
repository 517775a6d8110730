
/*
 * Copyright (C) the VOYO authors
 */


#include "store.h"
#include "voyo_errno.h"
#include "voyo_script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define STORE_ARGS_MAX         26
#define STORE_NUMBER_MAX       24


struct store_s {
    const config_t       *config;
    redis_t              *redis;

    /* the command that is being built */

    const voyo_script_t  *script;      /* NULL: not a script */
    const char           *argv[STORE_ARGS_MAX];
    size_t                lengths[STORE_ARGS_MAX];
    int                   argc;
    char                  keys[STORE_ARGS_MAX][VOYO_KEY_MAX];
    unsigned              nkeys;
    char                  count[STORE_NUMBER_MAX];       /* of the keys */
};


static int store_taken(const redisReply *reply, store_job_t *job,
    int64_t *generation, const char **reason);
static void store_begin(store_t *store, const voyo_script_t *script);
static void store_key(store_t *store, const char *name, const char *suffix);
static void store_arg(store_t *store, const char *arg);
static void store_arg_len(store_t *store, const char *arg, size_t len);
static void store_number(char text[STORE_NUMBER_MAX], int64_t number);
static redisReply *store_run(store_t *store);
static int store_run_integer(store_t *store, int64_t *number);


int
store_pop(store_t *store, store_job_t *job, int play_only)
{
    int          rc;
    redisReply  *reply, **element;

    store_begin(store, NULL);
    store_arg(store, "BZPOPMIN");
    store_key(store, "jobs:play", NULL);

    if (!play_only) {
        store_key(store, "jobs:prefetch", NULL);
    }

    store_arg(store, "1");

    reply = store_run(store);

    if (reply == NULL) {
        return VOYO_EIO;
    }

    if (reply->type == REDIS_REPLY_NIL) {
        freeReplyObject(reply);
        return VOYO_ETIMEOUT;
    }

    rc = VOYO_EINVAL;
    element = reply->element;

    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 3
        && element[0]->type == REDIS_REPLY_STRING
        && element[1]->type == REDIS_REPLY_STRING
        && element[2]->type == REDIS_REPLY_STRING
        && element[1]->len == VOYO_TRACK_LEN
        && (size_t) element[2]->len < sizeof(job->score)
        && voyo_track_parse(job->id, element[1]->str, VOYO_TRACK_LEN)
           == VOYO_OK)
    {
        job->lane = strcmp(element[0]->str, store->keys[0]) == 0
                    ? STORE_PLAY : STORE_PREFETCH;
        strcpy(job->score, element[2]->str);
        rc = VOYO_OK;
    }

    freeReplyObject(reply);

    return rc;
}


int
store_take(store_t *store, store_job_t *job, const char *token,
    int64_t *generation, const char **reason)
{
    int          rc;
    char         lease[STORE_NUMBER_MAX], budget[STORE_NUMBER_MAX];
    redisReply  *reply;

    static const char *const  lanes[] = { "play", "prefetch", "own" };

    store_number(lease, STORE_LEASE);
    store_number(budget, store->config->budget);

    store_begin(store, &voyo_script_take);
    store_key(store, "track:", job->id);
    store_key(store, "lease:", job->id);
    store_key(store, "breaker", NULL);
    store_key(store, "budget", NULL);
    store_key(store, "alive:", job->id);
    store_key(store, "request:", job->id);
    store_key(store, "takedowns", NULL);
    store_arg(store, job->id);
    store_arg(store, token);
    store_arg(store, lease);
    store_arg(store, job->score);
    store_arg(store, lanes[job->lane]);
    store_arg(store, budget);

    reply = store_run(store);

    if (reply == NULL) {
        return VOYO_EIO;
    }

    rc = store_taken(reply, job, generation, reason);

    freeReplyObject(reply);

    return rc;
}


static int
store_taken(const redisReply *reply, store_job_t *job, int64_t *generation,
    const char **reason)
{
    size_t       i;
    const char  *word;

    static const char *const  reasons[] = {
        "another resolver has it", "leased",
        "it was resolved meanwhile", "fresh",
        "no request waits for it", "abandoned",
        "it has waited for 10 minutes", "stale",
        "the breaker is open", "breaker",
        "the budget is spent", "budget"
    };

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0
        || reply->element[0]->type != REDIS_REPLY_STRING)
    {
        return VOYO_EIO;
    }

    word = reply->element[0]->str;

    for (i = 0; i < sizeof(reasons) / sizeof(char *); i += 2) {
        if (strcmp(word, reasons[i + 1]) == 0) {
            *reason = reasons[i];
            return 0;
        }
    }

    if (strcmp(word, "run") != 0 || reply->elements != 3
        || reply->element[1]->type != REDIS_REPLY_INTEGER
        || reply->element[2]->type != REDIS_REPLY_STRING)
    {
        return VOYO_EIO;
    }

    *generation = reply->element[1]->integer;
    snprintf(job->request, sizeof(job->request), "%s",
             reply->element[2]->str);

    return 1;
}


int
store_again(store_t *store, const char *id, const char *token,
    const char *profile)
{
    char     name[STORE_TOKEN_MAX + 16], budget[STORE_NUMBER_MAX];
    int64_t  n;

    snprintf(name, sizeof(name), "%s/%s", token, profile);
    store_number(budget, store->config->budget);

    store_begin(store, &voyo_script_again);
    store_key(store, "breaker", NULL);
    store_key(store, "budget", NULL);
    store_arg(store, id);
    store_arg(store, name);
    store_arg(store, budget);

    return store_run_integer(store, &n) == VOYO_OK ? n == 1 : VOYO_EIO;
}


int
store_return(store_t *store, const store_job_t *job)
{
    int64_t  n;

    store_begin(store, NULL);
    store_arg(store, "ZADD");
    store_key(store, job->lane == STORE_PLAY ? "jobs:play" : "jobs:prefetch",
              NULL);
    store_arg(store, job->score);
    store_arg(store, job->id);

    return store_run_integer(store, &n);
}


int
store_renew(store_t *store, const char *id, const char *token,
    int64_t generation)
{
    char     lease[STORE_NUMBER_MAX], number[STORE_NUMBER_MAX];
    int64_t  n;

    store_number(lease, STORE_LEASE);
    store_number(number, generation);

    store_begin(store, &voyo_script_renew);
    store_key(store, "lease:", id);
    store_key(store, "breaker", NULL);
    store_key(store, "track:", id);
    store_arg(store, token);
    store_arg(store, lease);
    store_arg(store, id);
    store_arg(store, number);

    return store_run_integer(store, &n) == VOYO_OK ? n == 1 : VOYO_EIO;
}


int
store_finish(store_t *store, const char *id, const char *token,
    const store_end_t *end)
{
    char                      seconds[STORE_NUMBER_MAX];
    char                      number[STORE_NUMBER_MAX];
    char                      most[STORE_NUMBER_MAX];
    int64_t                   n;
    const voyo_class_info_t  *info;

    static const store_end_t  drop = { "", 0, 0, 0, VOYO_CLASS_NONE,
                                       "", "" };

    store_begin(store, &voyo_script_finish);
    store_key(store, "track:", id);
    store_key(store, "failure:", id);
    store_key(store, "lease:", id);
    store_key(store, "jobs:play", NULL);
    store_key(store, "jobs:prefetch", NULL);
    store_key(store, "events", NULL);
    store_key(store, "breaker", NULL);
    store_key(store, "limits", NULL);
    store_key(store, "ban:", id);
    store_key(store, "takedowns", NULL);
    store_arg(store, id);
    store_arg(store, token);

    if (end) {
        info = voyo_class_info(end->class);
        store_arg(store, end->class == VOYO_CLASS_NONE ? "record"
                         : info->global ? "global" : "failure");

    } else {
        end = &drop;
        info = voyo_class_info(end->class);
        store_arg(store, "drop");
    }

    store_number(seconds, end->life);
    store_number(number, end->generation);
    store_number(most, info->kept_max ? info->kept_max : info->kept);

    store_arg_len(store, end->json, end->len);
    store_arg(store, seconds);
    store_arg(store, number);
    store_arg(store, info->name);
    store_arg(store, info->status < 500 ? "1" : "0");
    store_arg(store, most);
    store_arg(store, end->met);
    store_arg(store, end->address);

    return store_run_integer(store, &n) == VOYO_OK ? n == 1 : VOYO_EIO;
}


int
store_beat(store_t *store, const char *json, size_t len, const char *met)
{
    char         life[STORE_NUMBER_MAX], queue[STORE_NUMBER_MAX];
    char         budget[STORE_NUMBER_MAX];
    int64_t      n;
    const char  *name;

    name = store->config->instance;

    store_number(life, json ? STORE_BEAT : 0);
    store_number(queue, store->config->queue);
    store_number(budget, store->config->budget);

    store_begin(store, &voyo_script_beat);
    store_key(store, "resolvers", NULL);
    store_key(store, "resolver:", name);
    store_key(store, "limits", NULL);
    store_key(store, "breaker", NULL);
    store_arg(store, name);
    store_arg(store, life);
    store_arg_len(store, json ? json : "", len);
    store_arg(store, queue);
    store_arg(store, budget);
    store_arg(store, met);

    return store_run_integer(store, &n);
}


int
store_ping(store_t *store, const char **error)
{
    *error = NULL;

    if (redis_connect(store->redis) != VOYO_OK) {
        *error = redis_error(store->redis);
        return VOYO_EIO;
    }

    return VOYO_OK;
}


int
store_status(store_t *store, store_status_t *status)
{
    int           i, rc;
    redisReply   *reply, **element;

    static const int  types[] = {
        REDIS_REPLY_INTEGER, REDIS_REPLY_INTEGER, REDIS_REPLY_INTEGER,
        REDIS_REPLY_STRING, REDIS_REPLY_INTEGER
    };

    store_begin(store, &voyo_script_status);
    store_key(store, "jobs:play", NULL);
    store_key(store, "jobs:prefetch", NULL);
    store_key(store, "breaker", NULL);
    store_key(store, "budget", NULL);

    reply = store_run(store);

    if (reply == NULL) {
        return VOYO_EIO;
    }

    element = reply->element;
    rc = reply->type == REDIS_REPLY_ARRAY && reply->elements == 5
         ? VOYO_OK : VOYO_EIO;

    for (i = 0; i < 5 && rc == VOYO_OK; i++) {
        rc = element[i]->type == types[i] ? VOYO_OK : VOYO_EIO;
    }

    if (rc == VOYO_OK) {
        status->play = element[0]->integer;
        status->prefetch = element[1]->integer;
        status->spent = element[2]->integer;
        status->breaker = voyo_class_by_name(element[3]->str,
                                             element[3]->len);
        status->left = element[4]->integer;
    }

    freeReplyObject(reply);

    return rc;
}


static void
store_begin(store_t *store, const voyo_script_t *script)
{
    /* a script is preceded by EVALSHA, its digest and its number of keys */

    store->script = script;
    store->argc = script ? 3 : 0;
    store->nkeys = 0;
}


static void
store_key(store_t *store, const char *name, const char *suffix)
{
    int    len;
    char  *key;

    key = store->keys[store->nkeys++];

    /* it fits: the lengths of an egress, an id and a name are bounded */

    len = voyo_key(key, store->config->egress, name, suffix);

    if (len < 0) {
        abort();
    }

    store_arg_len(store, key, (size_t) len);
}


static void
store_arg(store_t *store, const char *arg)
{
    store_arg_len(store, arg, strlen(arg));
}


static void
store_arg_len(store_t *store, const char *arg, size_t len)
{
    store->argv[store->argc] = arg;
    store->lengths[store->argc] = len;
    store->argc++;
}


static void
store_number(char text[STORE_NUMBER_MAX], int64_t number)
{
    snprintf(text, STORE_NUMBER_MAX, "%lld", (long long) number);
}


static int
store_run_integer(store_t *store, int64_t *number)
{
    redisReply  *reply;

    reply = store_run(store);

    if (reply == NULL) {
        return VOYO_EIO;
    }

    *number = reply->integer;

    if (reply->type != REDIS_REPLY_INTEGER) {
        freeReplyObject(reply);
        return VOYO_EIO;
    }

    freeReplyObject(reply);

    return VOYO_OK;
}


static redisReply *
store_run(store_t *store)
{
    if (store->script) {
        store_number(store->count, store->nkeys);

        store->argv[2] = store->count;
        store->lengths[2] = strlen(store->count);

        return redis_script(store->redis, store->script, store->argc,
                            store->argv, store->lengths);
    }

    return redis_run(store->redis, store->argc, store->argv, store->lengths);
}


store_t *
store_create(redis_shared_t *shared, unsigned ms)
{
    store_t  *store;

    store = calloc(1, sizeof(store_t));

    if (store == NULL) {
        return NULL;
    }

    store->config = shared->config;
    store->redis = redis_create(shared, ms);

    if (store->redis == NULL) {
        free(store);
        return NULL;
    }

    return store;
}


void
store_free(store_t *store)
{
    if (store) {
        redis_free(store->redis);
        free(store);
    }
}
