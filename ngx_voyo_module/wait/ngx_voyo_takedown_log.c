
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_redis_connection.h"
#include "ngx_voyo_takedown_log.h"
#include "ngx_voyo_zone.h"

#include "voyo_key.h"


#define NGX_VOYO_TAKEDOWN_LOG_PAGE  1000


static void ngx_voyo_takedown_log_answer(void *data, redisReply *reply);


void
ngx_voyo_takedown_log_read(ngx_voyo_main_conf_t *vmcf)
{
    char         key[VOYO_KEY_MAX];
    u_char       after[sizeof("(") + NGX_INT64_LEN];
    const char  *argv[8];

    if (voyo_key(key, (char *) vmcf->egress.data, "takedowns", NULL) < 0) {
        return;
    }

    *ngx_sprintf(after, "(%uL", ngx_voyo_zone_taken(vmcf->shm_zone)) = '\0';

    argv[0] = "ZRANGEBYSCORE";
    argv[1] = key;
    argv[2] = (char *) after;
    argv[3] = "+inf";
    argv[4] = "WITHSCORES";
    argv[5] = "LIMIT";
    argv[6] = "0";
    argv[7] = ngx_value(NGX_VOYO_TAKEDOWN_LOG_PAGE);

    (void) ngx_voyo_redis_command(vmcf->connection,
                                  ngx_voyo_takedown_log_answer, vmcf, 8, argv);
}


static void
ngx_voyo_takedown_log_answer(void *data, redisReply *reply)
{
    size_t                 i;
    uint64_t               last;
    ngx_int_t              time;
    redisReply            *track, *score;
    ngx_voyo_main_conf_t  *vmcf;

    vmcf = data;
    last = ngx_voyo_zone_taken(vmcf->shm_zone);

    if (reply == NULL) {
        return;
    }

    if (reply->type != REDIS_REPLY_ARRAY) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "redis failed to list the tracks that were taken down: "
                      "\"%s\"", reply->type == REDIS_REPLY_ERROR ? reply->str
                                                                  : "");
        return;
    }

    for (i = 0; i + 1 < reply->elements; i += 2) {

        track = reply->element[i];
        score = reply->element[i + 1];

        if (track->type != REDIS_REPLY_STRING || track->len != VOYO_TRACK_LEN
            || score->type != REDIS_REPLY_STRING)
        {
            continue;
        }

        time = ngx_atoi((u_char *) score->str, score->len);

        if (time <= 0) {
            continue;
        }

        if (ngx_voyo_zone_take(vmcf->shm_zone, (u_char *) track->str, time)
            != NGX_OK)
        {
            ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                          "no room in the zone for the tracks that were taken "
                          "down, enlarge \"voyo_zone\"");
            return;
        }
    }

    /* without progress, another worker reads on */

    if (i == 2 * NGX_VOYO_TAKEDOWN_LOG_PAGE
        && ngx_voyo_zone_taken(vmcf->shm_zone) > last)
    {
        ngx_voyo_takedown_log_read(vmcf);
    }
}
