
/*
 * Copyright (C) the VOYO authors
 */


#define PCRE2_CODE_UNIT_WIDTH  8

#include "classify.h"

#include <pcre2.h>
#include <stdlib.h>


typedef struct {
    voyo_class_t  class;
    const char   *pattern;
} classify_rule_t;


/*
 * docs/upstream.md, Y4.  The first matching rule wins: first failures that
 * concern all tracks, then those of the track, then those of the exchange, and
 * last texts that accompany any failure.  The apostrophe is U+2019, or ASCII in
 * older texts.
 */

static const classify_rule_t  classify_rules[] = {

    { VOYO_CLASS_RATE_LIMITED,
      "rate-limited|HTTP Error 429|Too Many Requests" },

    { VOYO_CLASS_BOT_CHECK,
      "confirm you.{1,3}re not a (?:bot|robot)|captcha"
      "|All player responses are invalid" },

    { VOYO_CLASS_AGE_RESTRICTED,
      "confirm your age|inappropriate for some users"
      "|age.restricted video" },

    { VOYO_CLASS_PAID,
      "Music Premium|YouTube Premium|members.only|members on level"
      "|Join this channel|requires payment|available to (?:paid )?subscribers"
      "|available to this channel.{1,3}s members" },

    { VOYO_CLASS_GEO_BLOCKED,
      "not made this video available in your country"
      "|(?:not available|unavailable|blocked it|who has blocked it) in your"
      " country|geo.?restrict" },

    { VOYO_CLASS_PRIVATE,
      "private video|video is private" },

    { VOYO_CLASS_DRM,
      "video is DRM protected|drm protected and only" },

    { VOYO_CLASS_CLIENT_REFUSED,
      "not available on this app|latest version of YouTube" },

    { VOYO_CLASS_UNAVAILABLE,
      "Video unavailable|video (?:is|was) (?:not available|unavailable"
      "|no longer available|removed)|(?:has been|was) (?:removed|deleted)"
      "|(?:been|account) terminated|copyright|no longer exists"
      "|does not exist|content isn.{1,3}t available"
      "|(?:recording|event) (?:is not available|has ended)"
      "|Incomplete YouTube ID" },

    { VOYO_CLASS_UPCOMING,
      "Premieres? in|Premieres? will begin|live event will begin"
      "|is_upcoming" },

    { VOYO_CLASS_FORBIDDEN,
      "HTTP Error 403" },

    { VOYO_CLASS_TLS,
      "CERTIFICATE_VERIFY_FAILED|certificate verify failed|SSLError"
      "|\\[SSL" },

    { VOYO_CLASS_UPSTREAM,
      "HTTP Error [45]\\d\\d" },

    { VOYO_CLASS_TIMEOUT,
      "timed out|timeout" },

    { VOYO_CLASS_NETWORK,
      "Remote end closed|RemoteDisconnected|Connection (?:refused|reset"
      "|aborted|broken)|Connection error|ProxyError|IncompleteRead"
      "|Name or service not known|Temporary failure in name resolution"
      "|Failed to resolve|(?:Network is|No route to host|host is)"
      " unreachable|No route to host|Unable to connect"
      "|\\[Errno (?:-\\d+|32|10\\d|11[0-3])\\]" },

    { VOYO_CLASS_EXTRACTOR,
      "Failed to parse JSON|Failed to extract any player response"
      "|Unable to extract|another video|Unable to download" }
};

/*
 * Texts that accompany every failure count only if there are no others, as
 * VOYO_CLASS_NO_FORMATS: this matches any other line.
 */

static const char  classify_other[] =
    "(?m)^(?!.*(?:No video formats found|Requested format is not available"
    "|missing a URL|formats have been skipped|SABR|PO Token"
    "|JavaScript runtime|challenge solving|only images are available))"
    ".*\\S";

#define CLASSIFY_N  (sizeof(classify_rules) / sizeof(classify_rule_t))


struct classify_s {
    pcre2_code  *code[CLASSIFY_N];
    pcre2_code  *other;
};


static int classify_match(const pcre2_code *code, const char *text,
    size_t len, pcre2_match_data *match, size_t *line);
static pcre2_code *classify_compile(const char *pattern);


voyo_class_t
classify_text(const classify_t *classify, const char *text, size_t len,
    int *known, size_t *line)
{
    size_t             i;
    voyo_class_t       class;
    pcre2_match_data  *match;

    *known = 1;
    *line = 0;

    if (len == 0) {
        return VOYO_CLASS_INTERNAL;
    }

    match = pcre2_match_data_create(1, NULL);

    if (match == NULL) {
        abort();
    }

    class = VOYO_CLASS_NONE;

    for (i = 0; i < CLASSIFY_N && class == VOYO_CLASS_NONE; i++) {
        if (classify_match(classify->code[i], text, len, match, line)) {
            class = classify_rules[i].class;
        }
    }

    if (class == VOYO_CLASS_NONE) {
        class = VOYO_CLASS_NO_FORMATS;

        if (classify_match(classify->other, text, len, match, line)) {
            class = VOYO_CLASS_EXTRACTOR;
            *known = 0;
        }
    }

    pcre2_match_data_free(match);

    return class;
}


static int
classify_match(const pcre2_code *code, const char *text, size_t len,
    pcre2_match_data *match, size_t *line)
{
    if (pcre2_match(code, (PCRE2_SPTR) text, len, 0, 0, match, NULL) < 0) {
        return 0;
    }

    *line = pcre2_get_ovector_pointer(match)[0];

    while (*line && text[*line - 1] != '\n') {
        (*line)--;
    }

    return 1;
}


classify_t *
classify_create(void)
{
    size_t       i;
    classify_t  *classify;

    classify = calloc(1, sizeof(classify_t));

    if (classify == NULL) {
        return NULL;
    }

    classify->other = classify_compile(classify_other);

    for (i = 0; i < CLASSIFY_N; i++) {
        classify->code[i] = classify_compile(classify_rules[i].pattern);

        if (classify->code[i] == NULL || classify->other == NULL) {
            classify_free(classify);
            return NULL;
        }
    }

    return classify;
}


/* The patterns are constants, so only memory allocation can fail. */

static pcre2_code *
classify_compile(const char *pattern)
{
    int     error;
    size_t  offset;

    return pcre2_compile((PCRE2_SPTR) pattern, PCRE2_ZERO_TERMINATED,
                         PCRE2_CASELESS, &error, &offset, NULL);
}


void
classify_free(classify_t *classify)
{
    size_t  i;

    if (classify == NULL) {
        return;
    }

    for (i = 0; i < CLASSIFY_N; i++) {
        pcre2_code_free(classify->code[i]);
    }

    pcre2_code_free(classify->other);

    free(classify);
}
