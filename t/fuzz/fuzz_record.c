
/*
 * Copyright (C) the VOYO authors
 */


/*
 * A record from Redis: it is rejected, or decoded so that it can be encoded and
 * decoded again with the same meaning.
 */

#include "voyo_errno.h"
#include "voyo_record.h"

#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char           *text, *json, *again;
    size_t          len, length;
    voyo_record_t   record, copy;

    text = malloc(size ? size : 1);

    if (text == NULL) {
        abort();
    }

    for (size_t i = 0; i < size; i++) {
        text[i] = (char) data[i];
    }

    if (voyo_record_decode(&record, text, size) != VOYO_OK) {
        free(text);
        return 0;
    }

    free(text);

    if (record.nformats > VOYO_FORMATS_MAX
        || (record.error == VOYO_CLASS_NONE && record.nformats == 0)
        || strlen(record.id) != VOYO_TRACK_LEN)
    {
        abort();
    }

    json = voyo_record_encode(&record, &len);

    /* with other escapes it may exceed the limit */

    if (json) {
        if (voyo_record_decode(&copy, json, len) != VOYO_OK
            || copy.generation != record.generation
            || copy.nformats != record.nformats
            || copy.error != record.error
            || strcmp(copy.id, record.id) != 0)
        {
            abort();
        }

        again = voyo_record_encode(&copy, &length);

        if (again == NULL || length != len || memcmp(again, json, len) != 0) {
            abort();
        }

        free(again);
        free(json);
        voyo_record_free(&copy);
    }

    voyo_record_free(&record);

    return 0;
}
