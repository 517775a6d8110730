
/*
 * Copyright (C) the VOYO authors
 */


/*
 * A worker's output, up to the record that is made from it: for any line, the
 * decoder of records must accept the result.
 */

#include "choose.h"
#include "classify.h"
#include "outcome.h"
#include "voyo_errno.h"
#include "ytdlp.h"

#include <stdlib.h>


#define ID   "dQw4w9WgXcQ"
#define NOW  1764000000


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static void fuzz_cold(const char *text, size_t size);
static void fuzz_outcome(const classify_t *classify, ytdlp_answer_t *answer);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char                *text;
    ytdlp_ready_t        ready;
    ytdlp_answer_t       answer;
    static classify_t   *classify;

    if (classify == NULL) {
        classify = classify_create();
    }

    /* a line has no terminator */

    text = malloc(size ? size : 1);

    if (text == NULL || classify == NULL) {
        abort();
    }

    for (size_t i = 0; i < size; i++) {
        text[i] = (char) data[i];
    }

    (void) ytdlp_ready(&ready, text, size);

    if (ytdlp_answer(&answer, text, size) == VOYO_OK) {
        fuzz_outcome(classify, &answer);
        ytdlp_answer_free(&answer);
    }

    fuzz_cold(text, size);
    free(text);

    return 0;
}


static void
fuzz_cold(const char *text, size_t size)
{
    choose_t        choose;
    ytdlp_answer_t  answer;

    ytdlp_cold(&answer, ID, text, size, text, size);

    if (answer.info) {
        (void) choose_record(&choose, answer.info, ID, 10, NOW);
    }

    ytdlp_answer_free(&answer);
}


static void
fuzz_outcome(const classify_t *classify, ytdlp_answer_t *answer)
{
    int             known;
    char           *json;
    size_t          len, line;
    int64_t         life;
    choose_t        choose;
    voyo_class_t    class;
    voyo_record_t   record;

    class = VOYO_CLASS_NO_FORMATS;

    if (answer->info) {
        class = choose_record(&choose, answer->info, ID, 10, NOW);

        if (class == VOYO_CLASS_NONE
            && (choose.record.nformats == 0
                || choose.record.nformats > VOYO_FORMATS_MAX))
        {
            abort();
        }

        json = outcome_json(&choose, ID, &class, 0, NOW, 7, &len, &life);

        if (json == NULL || len > VOYO_RECORD_MAX
            || voyo_record_decode(&record, json, len) != VOYO_OK
            || record.generation != 7 || record.error != class || life <= 0)
        {
            abort();
        }

        voyo_record_free(&record);
        free(json);
    }

    class = classify_text(classify, answer->text, answer->len, &known, &line);

    if (class == VOYO_CLASS_NONE || class >= VOYO_CLASS_MAX
        || line > answer->len)
    {
        abort();
    }
}
