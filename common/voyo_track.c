
/*
 * Copyright (C) the VOYO authors
 */


#include "voyo_track.h"
#include "voyo_errno.h"

#include <string.h>


#define VOYO_TRACK_PREFIX      "vyo_"
#define VOYO_TRACK_PREFIX_LEN  4


static int voyo_track_digit(char c);
static int voyo_track_decode(char id[VOYO_TRACK_LEN], const char *text);


int
voyo_track_parse(char id[VOYO_TRACK_LEN + 1], const char *text, size_t len)
{
    int   i;
    char  decoded[VOYO_TRACK_LEN];

    if (len == VOYO_TRACK_ALIAS_LEN
        && memcmp(text, VOYO_TRACK_PREFIX, VOYO_TRACK_PREFIX_LEN) == 0)
    {
        if (voyo_track_decode(decoded, text + VOYO_TRACK_PREFIX_LEN)
            != VOYO_OK)
        {
            return VOYO_EINVAL;
        }

    } else if (len == VOYO_TRACK_LEN) {
        memcpy(decoded, text, VOYO_TRACK_LEN);

    } else {
        return VOYO_EINVAL;
    }

    for (i = 0; i < VOYO_TRACK_LEN; i++) {
        if (voyo_track_digit(decoded[i]) < 0) {
            return VOYO_EINVAL;
        }
    }

    memcpy(id, decoded, VOYO_TRACK_LEN);
    id[VOYO_TRACK_LEN] = '\0';

    return VOYO_OK;
}


static int
voyo_track_digit(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }

    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }

    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }

    if (c == '-') {
        return 62;
    }

    return c == '_' ? 63 : -1;
}


static int
voyo_track_decode(char id[VOYO_TRACK_LEN], const char *text)
{
    int       i, digit, bits;
    size_t    n;
    unsigned  acc;

    acc = 0;
    bits = 0;
    n = 0;

    for (i = 0; i < VOYO_TRACK_ALIAS_LEN - VOYO_TRACK_PREFIX_LEN; i++) {

        digit = voyo_track_digit(text[i]);

        if (digit < 0) {
            return VOYO_EINVAL;
        }

        acc = (acc << 6 | (unsigned) digit) & 0xffff;
        bits += 6;

        if (bits >= 8) {
            bits -= 8;
            id[n++] = (char) (acc >> bits & 0xff);
        }
    }

    /* 90 bits for 88: in canonical form the last two are 0 (RFC 4648, 3.5) */

    if (acc & ((1u << bits) - 1)) {
        return VOYO_EINVAL;
    }

    return VOYO_OK;
}
