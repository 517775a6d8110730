
/*
 * Copyright (C) the VOYO authors
 */


#include "ytdlp.h"
#include "json.h"
#include "voyo_errno.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


static int ytdlp_text(ytdlp_answer_t *answer);
static void ytdlp_file(char file[YTDLP_FILE_MAX], const char *value);
static void ytdlp_compact(cJSON *info);
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


size_t
ytdlp_proof(char line[YTDLP_PROOF_MAX], unsigned job,
    const voyo_source_t *source, const char *hosts, int64_t at, int64_t ms)
{
    cJSON   *json;
    size_t   len;

    json = cJSON_CreateObject();

    cJSON_AddNumberToObject(json, "job", job);
    cJSON_AddStringToObject(json, "url", source->url);
    cJSON_AddNumberToObject(json, "at", (double) at);
    cJSON_AddStringToObject(json, "hosts", hosts);
    cJSON_AddNumberToObject(json, "deadline", (double) ms / 1000);

    if (source->user_agent) {
        cJSON_AddStringToObject(json, "user_agent", source->user_agent);
    }

    len = 0;

    if (cJSON_PrintPreallocated(json, line, YTDLP_PROOF_MAX - 1, 0)) {
        len = strlen(line);
        line[len++] = '\n';
        line[len] = '\0';
    }

    cJSON_Delete(json);

    return len;
}


int
ytdlp_answer(ytdlp_answer_t *answer, const char *line, size_t len)
{
    const cJSON  *job, *status;

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
    status = cJSON_GetObjectItemCaseSensitive(answer->json, "status");

    if (cJSON_IsNumber(status) && status->valuedouble >= 100
        && status->valuedouble < 1000)
    {
        answer->status = (unsigned) status->valuedouble;
    }

    answer->info = cJSON_GetObjectItemCaseSensitive(answer->json, "info");

    if (!cJSON_IsObject(answer->info)) {
        answer->info = NULL;
    }

    if (ytdlp_text(answer) != VOYO_OK) {
        cJSON_Delete(answer->json);
        return VOYO_EINVAL;
    }

    return VOYO_OK;
}


static int
ytdlp_text(ytdlp_answer_t *answer)
{
    char         *text;
    size_t        size, len;
    const cJSON  *warnings, *error, *line;

    warnings = cJSON_GetObjectItemCaseSensitive(answer->json, "warnings");
    error = cJSON_GetObjectItemCaseSensitive(answer->json, "error");

    size = 1;

    cJSON_ArrayForEach(line, warnings) {
        size += cJSON_IsString(line) ? strlen(line->valuestring) + 1 : 0;
    }

    size += cJSON_IsString(error) ? strlen(error->valuestring) + 1 : 0;

    text = malloc(size);

    if (text == NULL) {
        return VOYO_ENOMEM;
    }

    len = 0;

    cJSON_ArrayForEach(line, warnings) {
        len += ytdlp_text_add(text + len, line);
    }

    answer->error = len;

    len += ytdlp_text_add(text + len, error);

    text[len] = '\0';

    answer->text = text;
    answer->len = len;

    return VOYO_OK;
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
ytdlp_cold(ytdlp_answer_t *answer, const char *id, const char *output,
    size_t len, const char *errors, size_t nerrors)
{
    char        *p;
    cJSON       *info;
    const cJSON *item;

    memset(answer, 0, sizeof(ytdlp_answer_t));

    answer->len = nerrors;
    answer->text = malloc(nerrors + 1);

    if (answer->text == NULL) {
        abort();
    }

    memcpy(answer->text, errors, nerrors);
    answer->text[nerrors] = '\0';

    /* the error comes last */

    for (p = answer->text; (p = strstr(p, "ERROR:")) != NULL; p++) {
        answer->error = (size_t) (p - answer->text);
    }

    info = cJSON_ParseWithLength(output ? output : "", len);
    item = cJSON_GetObjectItemCaseSensitive(info, "id");

    if (!cJSON_IsString(item) || strcmp(item->valuestring, id) != 0) {
        cJSON_Delete(info);
        return;
    }

    ytdlp_compact(info);

    answer->json = info;
    answer->info = info;
}


/* The part of _compact() in ytdlp_worker.py whose result is used here. */

static void
ytdlp_compact(cJSON *info)
{
    double        total;
    cJSON        *format, *fragments;
    const char   *audio, *video, *agent;

    total = 0;

    cJSON_ArrayForEach(format,
                       cJSON_GetObjectItemCaseSensitive(info, "formats"))
    {
        audio = json_string(format, "acodec");
        video = json_string(format, "vcodec");

        if ((audio == NULL || strcmp(audio, "none") != 0)
            || (video == NULL || strcmp(video, "none") != 0))
        {
            total++;
        }

        agent = json_string(
                    cJSON_GetObjectItemCaseSensitive(format, "http_headers"),
                    "User-Agent");

        if (agent) {
            cJSON_AddStringToObject(format, "user_agent", agent);
        }

        fragments = cJSON_DetachItemFromObjectCaseSensitive(format,
                                                            "fragments");

        cJSON_AddBoolToObject(format, "fragments",
                              cJSON_GetArraySize(fragments) > 0);
        cJSON_Delete(fragments);
    }

    cJSON_AddNumberToObject(info, "total", total);
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
    const char   *words;
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
        if (cJSON_IsString(item)) {
            ready->fast |= strcmp(item->valuestring, "fast") == 0;
            ready->full |= strcmp(item->valuestring, "full") == 0;
        }
    }

    ytdlp_file(ready->file, json_string(json, "file"));
    ytdlp_file(ready->cookies, json_string(json, "cookies"));

    words = json_string(json, "configuration");
    ready->configuration = words ? strtoull(words, NULL, 16) : 0;

    words = json_string(json, ready->ready ? "javascript" : "error");

    snprintf(ready->words, YTDLP_WORDS_MAX, "%s", words ? words : "");

    cJSON_Delete(json);

    return VOYO_OK;
}


static void
ytdlp_file(char file[YTDLP_FILE_MAX], const char *value)
{
    if (value && strlen(value) < YTDLP_FILE_MAX) {
        strcpy(file, value);
    }
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


uint64_t
ytdlp_version_number(const char *version)
{
    int       n;
    unsigned  year, month, day, rest;

    rest = 0;
    n = sscanf(version, "%4u.%2u.%2u.%6u", &year, &month, &day, &rest);

    if (n < 3 || month > 12 || day > 31) {
        return 0;
    }

    return (((uint64_t) year * 100 + month) * 100 + day) * 1000000 + rest;
}


void
ytdlp_version_text(char text[YTDLP_VERSION_MAX], uint64_t number)
{
    int       n;
    unsigned  date, rest;

    date = (unsigned) (number / 1000000);
    rest = (unsigned) (number % 1000000);

    n = snprintf(text, YTDLP_VERSION_MAX, "%04u.%02u.%02u",
                 date / 10000 % 10000, date / 100 % 100, date % 100);

    if (rest) {
        snprintf(text + n, YTDLP_VERSION_MAX - (size_t) n, ".%06u", rest);
    }
}


void
ytdlp_met(char text[YTDLP_MET_MAX], uint64_t version, uint64_t configuration)
{
    size_t  len;

    ytdlp_version_text(text, version);

    len = strlen(text);
    snprintf(text + len, YTDLP_MET_MAX - len, "-%016llx",
             (unsigned long long) configuration);
}


const char *
ytdlp_profile_name(ytdlp_profile_t profile)
{
    static const char *const  names[] = { "fast", "visitor", "full" };

    return names[profile];
}
