
/*
 * Copyright (C) the VOYO authors
 */


/*
 * Real messages of yt-dlp: texts that accompany every failure must not hide its
 * cause (docs/upstream.md, Y4).
 */

#include "classify.h"
#include "tap.h"

#include <string.h>


typedef struct {
    const char    *text;
    voyo_class_t   class;
} test_t;


#define NONE      "\nNo video formats found!\nRequested format is not available"
#define RESPONSE  "\nERROR: [youtube] x: Failed to extract any player "       \
                  "response; please report this issue on  https://github"     \
                  ".com/yt-dlp/yt-dlp/issues?q= "


#define SCRIPT    "[youtube] No supported JavaScript runtime could be found. "\
                  "YouTube extraction without a JS runtime has been "         \
                  "deprecated, and some formats may be missing.\n"


static const test_t  tests[] = {

    { "[youtube] This is a private video. Please sign in to verify that you "
      "may see it. Use --cookies-from-browser" NONE, VOYO_CLASS_PRIVATE },

    { "[youtube] Video unavailable. This video is unavailable" NONE,
      VOYO_CLASS_UNAVAILABLE },
    { "[youtube] Video unavailable. This video has been removed by the "
      "uploader" NONE, VOYO_CLASS_UNAVAILABLE },
    { "[youtube] Video unavailable. This video is no longer available because "
      "the YouTube account associated with this video has been terminated."
      NONE, VOYO_CLASS_UNAVAILABLE },
    { "[youtube] Video unavailable. This video contains content from Example, "
      "who has blocked it on copyright grounds" NONE,
      VOYO_CLASS_UNAVAILABLE },

    { "[youtube] Video unavailable. This video is not available on this app"
      NONE, VOYO_CLASS_CLIENT_REFUSED },
    { "[youtube] This video is unavailable. Watch on the latest version of "
      "YouTube" NONE, VOYO_CLASS_CLIENT_REFUSED },

    { "[youtube] Sign in to confirm your age. This video may be inappropriate "
      "for some users." NONE, VOYO_CLASS_AGE_RESTRICTED },

    { "[youtube] Video unavailable. This video is only available to Music "
      "Premium members" NONE, VOYO_CLASS_PAID },
    { "[youtube] Join this channel to get access to members-only content like "
      "this video, and other exclusive perks." NONE, VOYO_CLASS_PAID },
    { "[youtube] This video requires payment to watch" NONE,
      VOYO_CLASS_PAID },

    { "[youtube] Video unavailable. The uploader has not made this video "
      "available in your country" NONE, VOYO_CLASS_GEO_BLOCKED },
    { "[youtube] Video unavailable. This video contains content from Example, "
      "who has blocked it in your country on copyright grounds" NONE,
      VOYO_CLASS_GEO_BLOCKED },

    { "[youtube] x: This video is DRM protected" NONE, VOYO_CLASS_DRM },

    { "[youtube] Sign in to confirm you\xe2\x80\x99re not a bot. Use --cookies"
      NONE, VOYO_CLASS_BOT_CHECK },
    { "[youtube] Sign in to confirm you're not a bot. Use --cookies" NONE,
      VOYO_CLASS_BOT_CHECK },
    { "[youtube] Verification required. YouTube is requiring a captcha "
      "challenge before playback" NONE, VOYO_CLASS_BOT_CHECK },
    { "ERROR: [youtube] x: All player responses are invalid. Your IP is "
      "likely being blocked by Youtube", VOYO_CLASS_BOT_CHECK },

    { "[youtube] Video unavailable. This content isn't available, try again "
      "later. The current session has been rate-limited by YouTube for up to "
      "an hour." NONE, VOYO_CLASS_RATE_LIMITED },
    { "[youtube] x: Unable to download API page: HTTP Error 429: Too Many "
      "Requests (caused by <HTTPError 429: Too Many Requests>)" RESPONSE,
      VOYO_CLASS_RATE_LIMITED },

    { "[youtube] x: Unable to download API page: HTTP Error 403: Forbidden"
      RESPONSE, VOYO_CLASS_FORBIDDEN },
    { "[youtube] x: Unable to download API page: HTTP Error 503: Service "
      "Unavailable" RESPONSE, VOYO_CLASS_UPSTREAM },
    { "[youtube] x: Unable to download API page: HTTP Error 404: Not Found"
      RESPONSE, VOYO_CLASS_UPSTREAM },

    { "[youtube] x: Unable to download API page: (\"HTTPSConnectionPool(host="
      "'www.youtube.com', port=443): Read timed out. (read timeout=6.0)\")"
      RESPONSE, VOYO_CLASS_TIMEOUT },
    { "[youtube] x: Unable to download API page: ('Connection aborted.', "
      "RemoteDisconnected('Remote end closed connection without response'))"
      RESPONSE, VOYO_CLASS_NETWORK },
    { "[youtube] x: Unable to download API page: Failed to resolve "
      "'www.youtube.com' ([Errno -3] Temporary failure in name resolution)"
      RESPONSE, VOYO_CLASS_NETWORK },
    { "[youtube] x: Unable to download API page: [SSL: "
      "CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get "
      "local issuer certificate" RESPONSE, VOYO_CLASS_TLS },

    { "[youtube] x: Some visionos client https formats have been skipped as "
      "they are missing a URL. YouTube may have enabled the SABR-only "
      "streaming experiment for the current session." NONE,
      VOYO_CLASS_NO_FORMATS },
    { NONE, VOYO_CLASS_NO_FORMATS },

    /* concerns some formats, not the video */

    { "[youtube] x: Some tv client https formats have been skipped as they "
      "are DRM protected. The current session may have an experiment that "
      "applies DRM to all videos on the tv client." NONE,
      VOYO_CLASS_NO_FORMATS },

    { "[youtube] x: Failed to parse JSON (caused by JSONDecodeError('...'))"
      RESPONSE, VOYO_CLASS_EXTRACTOR },
    { "The answer is about another video", VOYO_CLASS_EXTRACTOR },
    { "KeyError: 'something new'", VOYO_CLASS_EXTRACTOR },
    { SCRIPT "KeyError: 'something new'" NONE, VOYO_CLASS_EXTRACTOR },
    { SCRIPT NONE, VOYO_CLASS_NO_FORMATS },
    { SCRIPT "[youtube] x: Some web client https formats have been skipped"
      NONE, VOYO_CLASS_NO_FORMATS },

    { "", VOYO_CLASS_INTERNAL }
};


static const char *const  lines[] = {
    SCRIPT "[youtube] x: This is a private video" NONE,
    SCRIPT "[youtube] x: the melon is ripe" NONE,
    SCRIPT "[youtube] x: HTTP Error 403: Forbidden" RESPONSE
};


int
main(void)
{
    int            known;
    size_t         i, line;
    voyo_class_t   class;
    classify_t    *classify;

    classify = classify_create();

    for (i = 0; i < sizeof(tests) / sizeof(test_t); i++) {

        class = classify_text(classify, tests[i].text, strlen(tests[i].text),
                              &known, &line);

        ok(class == tests[i].class, "%s: %.60s",
           voyo_class_info(class)->name,
           tests[i].text + strspn(tests[i].text, "\n"));
    }

    ok(classify_text(classify, "[youtube] x: the melon is ripe" NONE, 57,
                     &known, &line)
       == VOYO_CLASS_EXTRACTOR && !known, "an unknown text");
    ok(classify_text(classify, NONE, strlen(NONE), &known, &line)
       == VOYO_CLASS_NO_FORMATS && known, "what is said with every failure");

    ok(classify_text(classify, "video is \xff\xfe private video", 26, &known,
                     &line)
       == VOYO_CLASS_PRIVATE, "bytes that are no UTF-8");

    /* the sentence that gives the reason, not the first one */

    for (i = 0; i < sizeof(lines) / sizeof(char *); i++) {

        class = classify_text(classify, lines[i], strlen(lines[i]), &known,
                              &line);

        ok(strncmp(lines[i] + line, "[youtube] x: ", 13) == 0,
           "%s is told by \"%.40s\"", voyo_class_info(class)->name,
           lines[i] + line);
    }

    classify_free(classify);
    classify_free(NULL);

    return done();
}
