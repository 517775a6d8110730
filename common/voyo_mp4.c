
/*
 * Copyright (C) the VOYO authors
 */


#include "voyo_mp4.h"
#include "voyo_errno.h"

#include <stdint.h>


#define FULL  4                        /* a full box's version and flags */


/* Types of boxes, four characters each. */

enum {
    EDTS = 0x65647473,
    FTYP = 0x66747970,
    MDAT = 0x6d646174,
    MDHD = 0x6d646864,
    MDIA = 0x6d646961,
    MEHD = 0x6d656864,
    MINF = 0x6d696e66,
    MOOF = 0x6d6f6f66,
    MOOV = 0x6d6f6f76,
    MVEX = 0x6d766578,
    MVHD = 0x6d766864,
    STBL = 0x7374626c,
    STSZ = 0x7374737a,
    STTS = 0x73747473,
    TKHD = 0x746b6864,
    TRAK = 0x7472616b
};


/* A box's content, as offsets in the file. */

typedef struct {
    const unsigned char  *data;        /* the file */
    uint32_t              type;
    size_t                begin;
    size_t                end;
} voyo_mp4_box_t;


static int voyo_mp4_movie(const unsigned char *data, size_t len,
    voyo_mp4_box_t *moov);
static int voyo_mp4_box(const unsigned char *data, size_t begin, size_t len,
    voyo_mp4_box_t *box);
static int voyo_mp4_children(const voyo_mp4_box_t *parent, uint32_t type,
    voyo_mp4_box_t *box);
static int voyo_mp4_duration(const voyo_mp4_box_t *box, size_t before,
    size_t before_v1, voyo_mp4_duration_t *duration);
static int voyo_mp4_fragmented(const voyo_mp4_box_t *moov);
static int voyo_mp4_empty(const voyo_mp4_box_t *stbl, uint32_t type,
    size_t offset);
static uint64_t voyo_mp4_number(const unsigned char *p, size_t len);


int
voyo_mp4_durations(const unsigned char *data, size_t len,
    voyo_mp4_duration_t *durations)
{
    int             rc;
    voyo_mp4_box_t  moov, trak, mdia, minf, stbl, mvhd, tkhd, mdhd, edts;

    rc = voyo_mp4_movie(data, len, &moov);

    if (rc != VOYO_OK) {
        return rc;
    }

    if (voyo_mp4_fragmented(&moov) != VOYO_OK
        || voyo_mp4_children(&moov, MVHD, &mvhd) != 1
        || voyo_mp4_children(&moov, TRAK, &trak) != 1
        || voyo_mp4_children(&trak, TKHD, &tkhd) != 1
        || voyo_mp4_children(&trak, MDIA, &mdia) != 1
        || voyo_mp4_children(&mdia, MDHD, &mdhd) != 1
        || voyo_mp4_children(&mdia, MINF, &minf) != 1
        || voyo_mp4_children(&minf, STBL, &stbl) != 1
        || voyo_mp4_empty(&stbl, STTS, 0) != VOYO_OK
        || voyo_mp4_empty(&stbl, STSZ, 4) != VOYO_OK

        /* with an edit list a track's duration is that of the list */

        || voyo_mp4_children(&trak, EDTS, &edts) != 0)
    {
        return VOYO_EINVAL;
    }

    if (voyo_mp4_duration(&mvhd, 12, 20, &durations[0]) != VOYO_OK
        || voyo_mp4_duration(&tkhd, 16, 24, &durations[1]) != VOYO_OK
        || voyo_mp4_duration(&mdhd, 12, 20, &durations[2]) != VOYO_OK)
    {
        return VOYO_EINVAL;
    }

    return VOYO_OK;
}


/* The complete movie box; VOYO_EAGAIN: it may follow. */

static int
voyo_mp4_movie(const unsigned char *data, size_t len, voyo_mp4_box_t *moov)
{
    int     rc;
    size_t  begin;

    for (begin = 0; begin < VOYO_MP4_HEADER_MAX; begin = moov->end) {

        rc = voyo_mp4_box(data, begin, len, moov);

        if (rc != VOYO_OK) {
            return rc;
        }

        if (moov->type == MOOF
            || moov->type == MDAT
            || (begin == 0
                && moov->type != FTYP))
        {
            return VOYO_EINVAL;
        }

        if (moov->end > VOYO_MP4_HEADER_MAX) {
            return VOYO_EINVAL;
        }

        if (moov->end > len) {
            return VOYO_EAGAIN;
        }

        if (moov->type == MOOV) {
            return VOYO_OK;
        }
    }

    return VOYO_EINVAL;
}


/*
 * The box that begins at "begin"; its end may be beyond "len".  VOYO_EAGAIN:
 * its size and type are incomplete.
 */

static int
voyo_mp4_box(const unsigned char *data, size_t begin, size_t len,
    voyo_mp4_box_t *box)
{
    size_t    header;
    uint64_t  size;

    header = 8;

    if (len - begin < header) {
        return VOYO_EAGAIN;
    }

    size = voyo_mp4_number(data + begin, 4);

    if (size == 1) {
        header = 16;

        if (len - begin < header) {
            return VOYO_EAGAIN;
        }

        size = voyo_mp4_number(data + begin + 8, 8);
    }

    /* size 0, up to the end of the file, is for media data only */

    if (size < header || size > SIZE_MAX - begin) {
        return VOYO_EINVAL;
    }

    box->data = data;
    box->type = (uint32_t) voyo_mp4_number(data + begin + 4, 4);
    box->begin = begin + header;
    box->end = begin + (size_t) size;

    return VOYO_OK;
}


/* The number of boxes of a type, and the last; -1: "parent" is malformed. */

static int
voyo_mp4_children(const voyo_mp4_box_t *parent, uint32_t type,
    voyo_mp4_box_t *box)
{
    int             n;
    size_t          begin;
    voyo_mp4_box_t  each;

    n = 0;

    for (begin = parent->begin; begin < parent->end; begin = each.end) {

        if (voyo_mp4_box(parent->data, begin, parent->end, &each) != VOYO_OK
            || each.end > parent->end)
        {
            return -1;
        }

        if (each.type == type) {
            *box = each;
            n++;
        }
    }

    return n;
}


/*
 * The offset of a full box's duration, after so many bytes: more in version 1,
 * where times have 8 bytes.
 */

static int
voyo_mp4_duration(const voyo_mp4_box_t *box, size_t before, size_t before_v1,
    voyo_mp4_duration_t *duration)
{
    unsigned  version;

    if (box->end - box->begin < FULL) {
        return VOYO_EINVAL;
    }

    version = box->data[box->begin];

    if (version > 1) {
        return VOYO_EINVAL;
    }

    duration->offset = box->begin + FULL + (version ? before_v1 : before);
    duration->len = version ? 8 : 4;

    return duration->offset + duration->len <= box->end ? VOYO_OK
                                                        : VOYO_EINVAL;
}


/* Whether "mvex" contains "mehd", with the total duration. */

static int
voyo_mp4_fragmented(const voyo_mp4_box_t *moov)
{
    uint64_t             number;
    voyo_mp4_box_t       mvex, mehd;
    voyo_mp4_duration_t  whole;

    if (voyo_mp4_children(moov, MVEX, &mvex) != 1
        || voyo_mp4_children(&mvex, MEHD, &mehd) != 1
        || voyo_mp4_duration(&mehd, 0, 0, &whole) != VOYO_OK)
    {
        return VOYO_EINVAL;
    }

    number = voyo_mp4_number(moov->data + whole.offset, whole.len);

    return number ? VOYO_OK : VOYO_EINVAL;
}


/* Whether a sample table is empty; "offset" is that of the count. */

static int
voyo_mp4_empty(const voyo_mp4_box_t *stbl, uint32_t type, size_t offset)
{
    voyo_mp4_box_t  table;

    offset += FULL;

    if (voyo_mp4_children(stbl, type, &table) != 1
        || table.end - table.begin < offset + 4)
    {
        return VOYO_EINVAL;
    }

    return voyo_mp4_number(table.data + table.begin + offset, 4)
           ? VOYO_EINVAL : VOYO_OK;
}


/* Big-endian. */

static uint64_t
voyo_mp4_number(const unsigned char *p, size_t len)
{
    uint64_t  number;

    for (number = 0; len; len--) {
        number = number << 8 | *p++;
    }

    return number;
}
