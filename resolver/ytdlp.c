
/*
 * Copyright (C) the VOYO authors
 */


#include "ytdlp.h"
#include "voyo_errno.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


static char *ytdlp_text(const cJSON *json, size_t *len);
static size_t ytdlp_text_add(char *text, const cJSON *line);


size_t
ytdlp_request(char line[YTDLP_REQUEST_MAX], unsigned job, const char *id,
    ytdlp_profile_t profile, int64_t ms)
{
    int  n;

    n = snprintf(line, YTDLP_REQUEST_MAX, "{\"job\":%u,\"id\":\"%s\","
                 "\"profile\":\"%s\",\"deadline\":%lld.%03lld}\n",
                 job, id, ytdlp_profile_name(profile),
                 (long long) ms / 1000, (long long) ms % 1000);

    return (size_t) n;
}


int
ytdlp_answer(ytdlp_answer_t *answer, const char *line, size_t len)
{
    const cJSON  *job;

    memset(answer, 0, sizeof(ytdlp_answer_t));

    answer->json = cJSON_ParseWithLength(line, len);
    job = cJSON_GetObjectItemCaseSensitive(answer->json, "job");

    if (!cJSON_IsNumber(job) || job->valuedouble < 0
        || job->valuedouble > 4294967295.0)
    {
        cJSON_Delete(answer->json);
        return VOYO_EINVAL;
    }

    answer->job = (unsigned) job->valuedouble;
    answer->deadline = cJSON_IsTrue(
                    cJSON_GetObjectItemCaseSensitive(answer->json, "deadline"))
                    ? 1 : 0;
    answer->info = cJSON_GetObjectItemCaseSensitive(answer->json, "info");

    if (!cJSON_IsObject(answer->info)) {
        answer->info = NULL;
    }

    answer->text = ytdlp_text(answer->json, &answer->len);

    if (answer->text == NULL) {
        cJSON_Delete(answer->json);
        return VOYO_EINVAL;
    }

    return VOYO_OK;
}


static char *
ytdlp_text(const cJSON *json, size_t *len)
{
    char         *text;
    size_t        size;
    const cJSON  *warnings, *error, *line;

    warnings = cJSON_GetObjectItemCaseSensitive(json, "warnings");
    error = cJSON_GetObjectItemCaseSensitive(json, "error");

    size = 1;

    cJSON_ArrayForEach(line, warnings) {
        size += cJSON_IsString(line) ? strlen(line->valuestring) + 1 : 0;
    }

    size += cJSON_IsString(error) ? strlen(error->valuestring) + 1 : 0;

    text = malloc(size);

    if (text == NULL) {
        return NULL;
    }

    *len = 0;

    cJSON_ArrayForEach(line, warnings) {
        *len += ytdlp_text_add(text + *len, line);
    }

    *len += ytdlp_text_add(text + *len, error);

    text[*len] = '\0';

    return text;
}


static size_t
ytdlp_text_add(char *text, const cJSON *line)
{
    size_t  len;

    if (!cJSON_IsString(line)) {
        return 0;
    }

    len = strlen(line->valuestring);

    memcpy(text, line->valuestring, len);
    text[len] = '\n';

    return len + 1;
}


void
ytdlp_answer_free(ytdlp_answer_t *answer)
{
    cJSON_Delete(answer->json);
    free(answer->text);

    memset(answer, 0, sizeof(ytdlp_answer_t));
}


int
ytdlp_ready(ytdlp_ready_t *ready, const char *line, size_t len)
{
    cJSON        *json;
    const cJSON  *item, *profiles, *version, *pid;

    memset(ready, 0, sizeof(ytdlp_ready_t));

    json = cJSON_ParseWithLength(line, len);
    item = cJSON_GetObjectItemCaseSensitive(json, "ready");
    version = cJSON_GetObjectItemCaseSensitive(json, "version");
    pid = cJSON_GetObjectItemCaseSensitive(json, "pid");

    if (!cJSON_IsBool(item) || !cJSON_IsString(version)
        || strlen(version->valuestring) >= YTDLP_VERSION_MAX
        || !cJSON_IsNumber(pid) || pid->valuedouble < 1
        || pid->valuedouble > 4194304)
    {
        cJSON_Delete(json);
        return VOYO_EINVAL;
    }

    ready->ready = cJSON_IsTrue(item) ? 1 : 0;
    ready->pid = (pid_t) pid->valuedouble;
    strcpy(ready->version, version->valuestring);

    profiles = cJSON_GetObjectItemCaseSensitive(json, "profiles");

    cJSON_ArrayForEach(item, profiles) {
        if (cJSON_IsString(item) && strcmp(item->valuestring, "fast") == 0) {
            ready->fast = 1;
        }
    }

    item = cJSON_GetObjectItemCaseSensitive(json, "error");

    if (cJSON_IsString(item) && strcmp(item->valuestring, "proxy") == 0) {
        ready->proxy = 1;
    }

    cJSON_Delete(json);

    return VOYO_OK;
}


int
ytdlp_version_valid(const char *version)
{
    int  year, month, least_year, least_month;

    sscanf(YTDLP_VERSION, "%d.%d", &least_year, &least_month);

    if (sscanf(version, "%4d.%2d", &year, &month) != 2) {
        return 0;
    }

    return year > least_year || (year == least_year && month >= least_month);
}


const char *
ytdlp_profile_name(ytdlp_profile_t profile)
{
    return profile == YTDLP_FAST ? "fast" : "full";
}
