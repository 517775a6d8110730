
/*
 * Copyright (C) the VOYO authors
 */


#include "json.h"

#include <math.h>


const char *
json_string(const cJSON *json, const char *name)
{
    const cJSON  *item;

    item = cJSON_GetObjectItemCaseSensitive(json, name);

    return cJSON_IsString(item) ? item->valuestring : NULL;
}


double
json_number(const cJSON *json, const char *name)
{
    const cJSON  *item;

    item = cJSON_GetObjectItemCaseSensitive(json, name);

    return cJSON_IsNumber(item) && isfinite(item->valuedouble)
           ? item->valuedouble : 0;
}
