
/*
 * Copyright (C) the VOYO authors
 */


#include "outcome.h"
#include "voyo_errno.h"

#include <stdlib.h>
#include <string.h>


static char *outcome_record(voyo_record_t *record, size_t *len);
static int64_t outcome_life(const choose_t *choose, voyo_class_t class);


char *
outcome_json(choose_t *choose, const char *id, voyo_class_t *class,
    int unconfirmed, int64_t now, int64_t generation, size_t *len,
    int64_t *life)
{
    char           *json;
    voyo_record_t  *record;

    record = &choose->record;

    record->generation = generation;
    record->resolved_at = now;
    memcpy(record->id, id, VOYO_TRACK_LEN + 1);

    if (*class == VOYO_CLASS_NONE) {

        json = outcome_record(record, len);

        if (json) {
            *life = OUTCOME_RECORD;
            return json;
        }

        *class = VOYO_CLASS_INTERNAL;
    }

    *life = outcome_life(choose, *class);

    /* the time of a global failure is the breaker's, not the track's */

    if (unconfirmed && *life > OUTCOME_UNCONFIRMED
        && !voyo_class_info(*class)->global)
    {
        *life = OUTCOME_UNCONFIRMED;
    }

    record->error = *class;
    record->retry_after = (uint32_t) *life;

    return voyo_record_encode(record, len);
}


static char *
outcome_record(voyo_record_t *record, size_t *len)
{
    char           *json;
    voyo_record_t   check;

    record->error = VOYO_CLASS_NONE;

    for ( ;; ) {

        json = voyo_record_encode(record, len);

        if (json) {
            break;
        }

        /* too long: drop the last formats, which are the worst */

        if (record->nformats <= 1) {
            return NULL;
        }

        record->nformats--;
    }

    if (voyo_record_decode(&check, json, *len) != VOYO_OK) {
        free(json);
        return NULL;
    }

    voyo_record_free(&check);

    return json;
}


static int64_t
outcome_life(const choose_t *choose, voyo_class_t class)
{
    int64_t  left;

    if (class != VOYO_CLASS_UPCOMING || choose->release == 0) {
        return voyo_class_info(class)->kept;
    }

    left = choose->release - choose->record.resolved_at;

    if (left < OUTCOME_UPCOMING_MIN) {
        return OUTCOME_UPCOMING_MIN;
    }

    return left > OUTCOME_UPCOMING_MAX ? OUTCOME_UPCOMING_MAX : left;
}
