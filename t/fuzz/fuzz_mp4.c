
/*
 * Copyright (C) the VOYO authors
 */


/*
 * The beginning of an MP4 from a media host: it is left unchanged, or has
 * durations that are found again once they are 0, and that no shorter beginning
 * has elsewhere.
 */

#include "voyo_errno.h"
#include "voyo_mp4.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int fuzz_read(const uint8_t *data, size_t size,
    voyo_mp4_duration_t *durations);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                  rc;
    size_t               i;
    uint8_t             *copy;
    voyo_mp4_duration_t  durations[VOYO_MP4_DURATIONS];
    voyo_mp4_duration_t  again[VOYO_MP4_DURATIONS];

    rc = fuzz_read(data, size, durations);

    if (rc == VOYO_EAGAIN && size >= VOYO_MP4_HEADER_MAX + 16) {
        abort();
    }

    if (rc != VOYO_OK) {
        return 0;
    }

    copy = malloc(size);

    if (copy == NULL) {
        abort();
    }

    memcpy(copy, data, size);

    for (i = 0; i < VOYO_MP4_DURATIONS; i++) {

        if ((durations[i].len != 4 && durations[i].len != 8)
            || durations[i].offset > size - durations[i].len)
        {
            abort();
        }

        memset(copy + durations[i].offset, 0, durations[i].len);
    }

    if (fuzz_read(copy, size, again) != VOYO_OK
        || memcmp(again, durations, sizeof(again)) != 0)
    {
        abort();
    }

    free(copy);

    rc = fuzz_read(data, size / 2, again);

    if (rc != VOYO_EAGAIN
        && (rc != VOYO_OK || memcmp(again, durations, sizeof(again)) != 0))
    {
        abort();
    }

    return 0;
}


/* In memory of exactly that size. */

static int
fuzz_read(const uint8_t *data, size_t size, voyo_mp4_duration_t *durations)
{
    int       rc;
    uint8_t  *copy;

    copy = malloc(size ? size : 1);

    if (copy == NULL) {
        abort();
    }

    memcpy(copy, data, size);
    memset(durations, 0, VOYO_MP4_DURATIONS * sizeof(voyo_mp4_duration_t));
    rc = voyo_mp4_durations(copy, size, durations);
    free(copy);

    return rc;
}
