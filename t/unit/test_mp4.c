
/*
 * Copyright (C) the VOYO authors
 */


/*
 * Which bytes of a fragmented MP4's header are corrected, so that Apple's
 * players do not show twice the duration, and that other files are unchanged.
 */

#include "tap.h"
#include "voyo_errno.h"
#include "voyo_mp4.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>


#define SECONDS  0x00869a00            /* every duration, in time units */


typedef struct {
    unsigned  version;                 /* of all full boxes */
    unsigned  wide;                    /* "moov" has a largesize */
    unsigned  free;                    /* bytes in a box before "moov" */
    unsigned  tracks;
    unsigned  samples;                 /* in "stts" */
    unsigned  sizes;                   /* in "stsz" */
    unsigned  edits;                   /* there is an edit list */
    unsigned  no_mvex;
    unsigned  no_mehd;
    unsigned  no_ftyp;
    uint64_t  whole;                   /* in "mehd" */
} test_file_t;


typedef struct {
    unsigned char  data[2 * VOYO_MP4_HEADER_MAX];
    size_t         len;
    size_t         durations[3];
} test_bytes_t;


static void test_right(const char *name, test_file_t file, size_t width);
static void test_left(const char *name, test_file_t file);
static void test_cut(void);
static void test_broken(void);
static void test_late(void);
static int test_read(const test_bytes_t *bytes, size_t len,
    voyo_mp4_duration_t *durations);
static void make(test_bytes_t *bytes, const test_file_t *file);
static void make_movie(test_bytes_t *bytes, const test_file_t *file);
static void make_track(test_bytes_t *bytes, const test_file_t *file);
static void make_header(test_bytes_t *bytes, const char *type,
    const test_file_t *file, size_t fields, size_t rest, size_t *duration);
static size_t make_begin(test_bytes_t *bytes, const char *type);
static void make_end(test_bytes_t *bytes, size_t begin);
static void make_number(test_bytes_t *bytes, uint64_t number, size_t width);
static void make_zeroes(test_bytes_t *bytes, size_t n);


static const test_file_t  normal = { .tracks = 1, .whole = SECONDS };


int
main(void)
{
    test_file_t  file;

    test_right("as YouTube has it", normal, 4);

    file = normal;
    file.version = 1;
    test_right("times of 64 bits", file, 8);

    file = normal;
    file.wide = 1;
    test_right("a largesize", file, 4);

    file = normal;
    file.free = 100;
    test_right("a box before the movie's", file, 4);

    file = normal;
    file.version = 2;
    test_left("an unknown version", file);

    file = normal;
    file.no_mvex = 1;
    test_left("not fragmented", file);

    file = normal;
    file.no_mehd = 1;
    test_left("the whole length is nowhere else", file);

    file = normal;
    file.whole = 0;
    test_left("the whole length is nowhere else, but 0", file);

    file = normal;
    file.samples = 1;
    test_left("samples in the movie box", file);

    file = normal;
    file.sizes = 1;
    test_left("sizes of samples in the movie box", file);

    file = normal;
    file.edits = 1;
    test_left("an edit list", file);

    file = normal;
    file.tracks = 2;
    test_left("two tracks", file);

    file = normal;
    file.tracks = 0;
    test_left("no track", file);

    file = normal;
    file.no_ftyp = 1;
    test_left("no MP4", file);

    file = normal;
    file.free = VOYO_MP4_HEADER_MAX - 200;
    test_left("a movie box that ends too late", file);

    test_cut();
    test_broken();
    test_late();

    return done();
}


static void
test_right(const char *name, test_file_t file, size_t width)
{
    size_t               i, place;
    test_bytes_t         bytes;
    voyo_mp4_duration_t  durations[VOYO_MP4_DURATIONS];

    make(&bytes, &file);

    if (test_read(&bytes, bytes.len, durations) != VOYO_OK) {
        ok(0, "%s: it is read", name);
        return;
    }

    for (i = 0; i < VOYO_MP4_DURATIONS; i++) {
        place = bytes.durations[i];
        ok(durations[i].offset == place && durations[i].len == width,
           "%s: duration %zu of %zu bytes at %zu", name, i, width, place);
    }
}


static void
test_left(const char *name, test_file_t file)
{
    test_bytes_t         bytes;
    voyo_mp4_duration_t  durations[VOYO_MP4_DURATIONS];

    make(&bytes, &file);

    ok(test_read(&bytes, bytes.len, durations) == VOYO_EINVAL, "%s: left",
       name);
}


/* It arrives in pieces: no byte beyond them is read, all are found later. */

static void
test_cut(void)
{
    size_t               len, first;
    unsigned             wrong;
    test_bytes_t         bytes;
    voyo_mp4_duration_t  durations[VOYO_MP4_DURATIONS];

    make(&bytes, &normal);
    wrong = 0;
    first = bytes.len;

    for (len = 0; len <= bytes.len; len++) {

        switch (test_read(&bytes, len, durations)) {

        case VOYO_OK:
            first = len < first ? len : first;
            break;

        case VOYO_EAGAIN:
            wrong += first < len;
            break;

        default:
            wrong++;
        }
    }

    ok(wrong == 0 && first < bytes.len, "in pieces, whole after %zu bytes",
       first);
}


/* With any byte of the header changed, only its durations are returned. */

static void
test_broken(void)
{
    int                  rc;
    size_t               i, n;
    unsigned             value, wrong, left;
    test_bytes_t         bytes;
    unsigned char        was;
    voyo_mp4_duration_t  durations[VOYO_MP4_DURATIONS];

    make(&bytes, &normal);
    wrong = 0;
    left = 0;

    for (i = 0; i < bytes.len; i++) {
        was = bytes.data[i];

        for (value = 0; value < 256; value += 17) {
            bytes.data[i] = (unsigned char) value;
            rc = test_read(&bytes, bytes.len, durations);
            left += rc == VOYO_EINVAL;

            for (n = 0; rc == VOYO_OK && n < VOYO_MP4_DURATIONS; n++) {
                wrong += durations[n].offset + durations[n].len > bytes.len
                         || (durations[n].len != 4 && durations[n].len != 8);
            }
        }

        bytes.data[i] = was;
    }

    ok(wrong == 0 && left > 500, "broken headers, %u are left as they are",
       left);
}


/* A box that is too large is rejected before it has arrived. */

static void
test_late(void)
{
    test_bytes_t         bytes;
    voyo_mp4_duration_t  durations[VOYO_MP4_DURATIONS];

    bytes.len = 0;
    make_number(&bytes, 16, 4);
    make_number(&bytes, 0x66747970, 4);            /* ftyp */
    make_zeroes(&bytes, 8);
    make_number(&bytes, VOYO_MP4_HEADER_MAX - 15, 4);
    make_number(&bytes, 0x6d6f6f76, 4);            /* moov */

    ok(test_read(&bytes, bytes.len, durations) == VOYO_EINVAL,
       "a movie box of a byte too many");

    bytes.data[19]--;

    ok(test_read(&bytes, bytes.len, durations) == VOYO_EAGAIN,
       "a movie box that just fits");

    memcpy(bytes.data + 16, "\0\0\0\1moov\xff\xff\xff\xff\xff\xff\xff\xff",
           16);

    ok(test_read(&bytes, 32, durations) == VOYO_EINVAL,
       "a largesize that overflows");

    memcpy(bytes.data + 16, "\0\0\0\0moov", 8);

    ok(test_read(&bytes, 24, durations) == VOYO_EINVAL,
       "a movie box to the end of the file");

    memcpy(bytes.data + 16, "\0\0\0\7moov", 8);

    ok(test_read(&bytes, 24, durations) == VOYO_EINVAL,
       "a box smaller than its header");

    memcpy(bytes.data + 16, "\0\0\1\0moof", 8);

    ok(test_read(&bytes, 24, durations) == VOYO_EINVAL,
       "a fragment before the movie box");
}


/* In memory of exactly that size, so that ASan detects overruns. */

static int
test_read(const test_bytes_t *bytes, size_t len,
    voyo_mp4_duration_t *durations)
{
    int             rc;
    unsigned char  *copy;

    copy = malloc(len ? len : 1);

    if (copy == NULL) {
        abort();
    }

    memcpy(copy, bytes->data, len);
    rc = voyo_mp4_durations(copy, len, durations);
    free(copy);

    return rc;
}


static void
make(test_bytes_t *bytes, const test_file_t *file)
{
    size_t  begin;

    bytes->len = 0;

    if (!file->no_ftyp) {
        begin = make_begin(bytes, "ftyp");
        make_number(bytes, 0x64617368, 4);         /* dash */
        make_zeroes(bytes, 4);
        make_end(bytes, begin);
    }

    if (file->free) {
        begin = make_begin(bytes, "free");
        make_zeroes(bytes, file->free);
        make_end(bytes, begin);
    }

    make_movie(bytes, file);

    begin = make_begin(bytes, "sidx");
    make_zeroes(bytes, 24);
    make_end(bytes, begin);
}


static void
make_movie(test_bytes_t *bytes, const test_file_t *file)
{
    size_t    moov, mvex, nothing;
    unsigned  i;

    moov = make_begin(bytes, "moov");

    if (file->wide) {
        make_zeroes(bytes, 8);
    }

    make_header(bytes, "mvhd", file, 12, 80, &bytes->durations[0]);

    if (!file->no_mvex) {
        mvex = make_begin(bytes, "mvex");

        if (!file->no_mehd) {
            make_header(bytes, "mehd", file, 0, 0, &nothing);
            bytes->len -= file->version ? 8 : 4;
            make_number(bytes, file->whole, file->version ? 8 : 4);
        }

        make_header(bytes, "trex", file, 12, 4, &nothing);
        make_end(bytes, mvex);
    }

    for (i = 0; i < file->tracks; i++) {
        make_track(bytes, file);
    }

    make_end(bytes, moov);

    if (file->wide) {
        memcpy(bytes->data + moov + 12, bytes->data + moov, 4);
        memcpy(bytes->data + moov, "\0\0\0\1", 4);
    }
}


static void
make_track(test_bytes_t *bytes, const test_file_t *file)
{
    size_t  trak, mdia, minf, stbl, box;

    trak = make_begin(bytes, "trak");
    make_header(bytes, "tkhd", file, 16, 60, &bytes->durations[1]);

    if (file->edits) {
        box = make_begin(bytes, "edts");
        make_end(bytes, box);
    }

    mdia = make_begin(bytes, "mdia");
    make_header(bytes, "mdhd", file, 12, 4, &bytes->durations[2]);

    minf = make_begin(bytes, "minf");
    stbl = make_begin(bytes, "stbl");

    box = make_begin(bytes, "stts");
    make_zeroes(bytes, 4);
    make_number(bytes, file->samples, 4);
    make_end(bytes, box);

    box = make_begin(bytes, "stsz");
    make_zeroes(bytes, 8);
    make_number(bytes, file->sizes, 4);
    make_end(bytes, box);

    make_end(bytes, stbl);
    make_end(bytes, minf);
    make_end(bytes, mdia);
    make_end(bytes, trak);
}


/* A full box with a duration after "fields" bytes, 8 of which are times. */

static void
make_header(test_bytes_t *bytes, const char *type, const test_file_t *file,
    size_t fields, size_t rest, size_t *duration)
{
    size_t  begin;

    begin = make_begin(bytes, type);
    make_number(bytes, (uint64_t) file->version << 24, 4);
    make_zeroes(bytes, fields + (file->version && fields ? 8 : 0));
    *duration = bytes->len;
    make_number(bytes, SECONDS, file->version ? 8 : 4);
    make_zeroes(bytes, rest);
    make_end(bytes, begin);
}


static size_t
make_begin(test_bytes_t *bytes, const char *type)
{
    size_t  begin;

    begin = bytes->len;
    make_zeroes(bytes, 4);
    memcpy(bytes->data + bytes->len, type, 4);
    bytes->len += 4;

    return begin;
}


static void
make_end(test_bytes_t *bytes, size_t begin)
{
    size_t  len;

    len = bytes->len;
    bytes->len = begin;
    make_number(bytes, len - begin, 4);
    bytes->len = len;
}


static void
make_number(test_bytes_t *bytes, uint64_t number, size_t width)
{
    while (width--) {
        bytes->data[bytes->len++] = (unsigned char) (number >> 8 * width);
    }
}


static void
make_zeroes(test_bytes_t *bytes, size_t n)
{
    memset(bytes->data + bytes->len, 0, n);
    bytes->len += n;
}
