
/*
 * Copyright (C) the VOYO authors
 */


/* Whatever is stored can be read by nginx. */

#include "outcome.h"
#include "tap.h"
#include "voyo_errno.h"

#include <stdlib.h>
#include <string.h>


#define ID   "dQw4w9WgXcQ"
#define NOW  1764000000


static void test_track(void);
static void test_refused(void);
static void test_long(void);
static void test_upcoming(int64_t release, int64_t expected);
static void test_unconfirmed(voyo_class_t class, int64_t expected);
static void fill(choose_t *choose, const char *url, unsigned n);


int
main(void)
{
    test_track();
    test_refused();
    test_long();

    test_upcoming(0, 300);
    test_upcoming(NOW - 10, 60);
    test_upcoming(NOW + 600, 600);
    test_upcoming(4102444800, 3600);

    test_unconfirmed(VOYO_CLASS_UNAVAILABLE, 300);
    test_unconfirmed(VOYO_CLASS_EXTRACTOR, 60);
    test_unconfirmed(VOYO_CLASS_BOT_CHECK, 600);

    return done();
}


static void
test_track(void)
{
    char           *json;
    size_t          len;
    int64_t         life;
    choose_t        choose;
    voyo_class_t    class;
    voyo_record_t   record;

    fill(&choose, "https://h/x", 1);
    class = VOYO_CLASS_NONE;
    json = outcome_json(&choose, ID, &class, 0, NOW, 5, &len, &life);

    ok(class == VOYO_CLASS_NONE && life == 2592000
       && voyo_record_decode(&record, json, len) == VOYO_OK
       && record.generation == 5 && record.resolved_at == NOW
       && record.nformats == 1, "a record");

    voyo_record_free(&record);
    free(json);
}


static void
test_refused(void)
{
    char           *json;
    size_t          len;
    int64_t         life;
    choose_t        choose;
    voyo_class_t    class;
    voyo_record_t   record;

    fill(&choose, "gopher://h/x", 1);
    class = VOYO_CLASS_NONE;
    json = outcome_json(&choose, ID, &class, 0, NOW, 1, &len, &life);

    ok(class == VOYO_CLASS_INTERNAL && life == 15
       && voyo_record_decode(&record, json, len) == VOYO_OK
       && record.error == VOYO_CLASS_INTERNAL && record.retry_after == 15,
       "what the readers would refuse");

    voyo_record_free(&record);
    free(json);
}


static void
test_long(void)
{
    char           *json, url[VOYO_URL_MAX + 1];
    size_t          len;
    int64_t         life;
    choose_t        choose;
    voyo_class_t    class;
    voyo_record_t   record;

    memset(url, 'x', VOYO_URL_MAX);
    memcpy(url, "https://h/", 10);
    url[VOYO_URL_MAX] = '\0';

    fill(&choose, url, 6);
    class = VOYO_CLASS_NONE;
    json = outcome_json(&choose, ID, &class, 0, NOW, 1, &len, &life);

    ok(class == VOYO_CLASS_NONE && len <= VOYO_RECORD_MAX
       && voyo_record_decode(&record, json, len) == VOYO_OK
       && record.nformats == 3, "as many formats as there is room for");

    voyo_record_free(&record);
    free(json);
}


static void
test_upcoming(int64_t release, int64_t expected)
{
    char          *json;
    size_t         len;
    int64_t        life;
    choose_t       choose;
    voyo_class_t   class;

    memset(&choose, 0, sizeof(choose_t));
    choose.release = release;
    class = VOYO_CLASS_UPCOMING;

    json = outcome_json(&choose, ID, &class, 0, NOW, 1, &len, &life);

    ok(life == expected && choose.record.retry_after == expected,
       "out at %lld, asked again after %lld s", (long long) release,
       (long long) life);

    free(json);
}


static void
test_unconfirmed(voyo_class_t class, int64_t expected)
{
    char      *json;
    size_t     len;
    int64_t    life;
    choose_t   choose;

    memset(&choose, 0, sizeof(choose_t));

    json = outcome_json(&choose, ID, &class, 1, NOW, 1, &len, &life);

    ok(life == expected && choose.record.retry_after == expected,
       "unconfirmed, %s is kept for %lld s", voyo_class_info(class)->name,
       (long long) life);

    free(json);
}


static void
fill(choose_t *choose, const char *url, unsigned n)
{
    unsigned  i;

    memset(choose, 0, sizeof(choose_t));

    choose->record.nformats = n;

    for (i = 0; i < n; i++) {
        strcpy(choose->record.formats[i].representation, ID ".140.17.1");
        choose->record.formats[i].bitrate = 1;
        choose->record.formats[i].size = 1;
        choose->record.sources[i].url = url;
    }
}
