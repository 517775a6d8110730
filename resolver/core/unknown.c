
/*
 * Copyright (C) the VOYO authors
 */


#include "unknown.h"

#include <string.h>


static unsigned long long unknown_hash(const char *text, size_t len,
    const char *id);


int
unknown_text(unknown_t *unknown, const char *text, size_t len, const char *id,
    int64_t now)
{
    int                  i, slot;
    long long            time, oldest;
    unsigned long long   hash, found;

    atomic_fetch_add(&unknown->seen, 1);

    hash = unknown_hash(text, len, id);
    oldest = now;
    slot = 0;

    for (i = 0; i < UNKNOWN_TEXTS; i++) {

        found = atomic_load(&unknown->texts[i]);
        time = atomic_load(&unknown->times[i]);

        if (found == hash) {
            slot = i;
            break;
        }

        if (time < oldest) {
            oldest = time;
            slot = i;
        }
    }

    time = atomic_load(&unknown->times[slot]);

    if (i < UNKNOWN_TEXTS && now - time < UNKNOWN_EVERY) {
        return 0;
    }

    /* of two threads with the same text, one logs it */

    if (!atomic_compare_exchange_strong(&unknown->times[slot], &time, now)) {
        return 0;
    }

    atomic_store(&unknown->texts[slot], hash);

    return 1;
}


/* FNV-1a of the text without the track's id. */

static unsigned long long
unknown_hash(const char *text, size_t len, const char *id)
{
    size_t              i, n;
    unsigned long long  hash;

    hash = 14695981039346656037ull;
    n = strlen(id);

    for (i = 0; i < len; i++) {

        if (n && len - i >= n && memcmp(text + i, id, n) == 0) {
            i += n - 1;
            continue;
        }

        hash = (hash ^ (unsigned char) text[i]) * 1099511628211ull;
    }

    return hash;
}
