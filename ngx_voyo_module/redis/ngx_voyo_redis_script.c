
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_redis_script.h"


typedef struct {
    ngx_voyo_redis_t         *redis;
    const voyo_script_t      *script;
    ngx_voyo_redis_reply_pt   handler;
    void                     *data;
    int                       argc;
    const char               *argv[1];    /* argc of them, then their text */
} ngx_voyo_redis_run_t;


static void ngx_voyo_redis_script_reply(void *data, redisReply *reply);


ngx_int_t
ngx_voyo_redis_script(ngx_voyo_redis_t *redis, const voyo_script_t *script,
    ngx_voyo_redis_reply_pt handler, void *data, int argc, const char **argv)
{
    int                    i;
    size_t                 size;
    u_char                *p;
    ngx_voyo_redis_run_t  *run;

    size = sizeof(ngx_voyo_redis_run_t) + (argc + 1) * sizeof(char *);

    for (i = 0; i < argc; i++) {
        size += ngx_strlen(argv[i]) + 1;
    }

    run = ngx_alloc(size, ngx_cycle->log);
    if (run == NULL) {
        return NGX_ERROR;
    }

    run->redis = redis;
    run->script = script;
    run->handler = handler;
    run->data = data;
    run->argc = argc + 2;
    run->argv[0] = "EVALSHA";
    run->argv[1] = script->sha1;

    p = (u_char *) &run->argv[run->argc];

    for (i = 0; i < argc; i++) {
        run->argv[i + 2] = (char *) p;
        p = ngx_cpymem(p, argv[i], ngx_strlen(argv[i]) + 1);
    }

    if (ngx_voyo_redis_command(redis, ngx_voyo_redis_script_reply, run,
                               run->argc, run->argv)
        != NGX_OK)
    {
        ngx_free(run);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_voyo_redis_script_reply(void *data, redisReply *reply)
{
    ngx_voyo_redis_run_t  *run;

    run = data;

    if (reply == NULL) {
        goto done;
    }

    if (reply->type != REDIS_REPLY_ERROR) {
        ngx_voyo_redis_accepted(run->redis);
        goto done;
    }

    if (run->argv[1] == run->script->sha1 && voyo_script_refused(reply->str)) {
        run->argv[0] = "EVAL";
        run->argv[1] = run->script->text;

        if (ngx_voyo_redis_command(run->redis, ngx_voyo_redis_script_reply,
                                   run, run->argc, run->argv)
            == NGX_OK)
        {
            return;
        }
    }

    if (!voyo_script_failed(reply->str)) {
        ngx_voyo_redis_refused(run->redis, reply->str);
    }

done:

    run->handler(run->data, reply);

    ngx_free(run);
}
