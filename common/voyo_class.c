
/*
 * Copyright (C) the VOYO authors
 */


#include "voyo_class.h"

#include <string.h>


/* docs/upstream.md, Y4: name, title, status, kept, most, permanent, global */

static const voyo_class_info_t  voyo_classes[VOYO_CLASS_MAX] = {

    { "none", "Nothing is wrong.", 200, 0, 0, 0, 0 },

    { "private", "The track is private.", 404, 86400, 0, 1, 0 },

    { "unavailable", "The track is not available.", 404, 21600, 0, 1, 0 },

    { "age_restricted", "The track is age-restricted.",
      403, 86400, 0, 1, 0 },

    { "paid", "The track is for paying members.", 403, 86400, 0, 1, 0 },

    { "geo_blocked", "The track is not available in the server's country.",
      451, 86400, 0, 1, 0 },

    { "drm", "The track is encrypted.", 404, 86400, 0, 1, 0 },

    { "live", "The track is a live broadcast.", 404, 300, 0, 0, 0 },

    { "upcoming", "The track is not released yet.", 404, 300, 0, 0, 0 },

    { "no_audio", "The track has no audio.", 404, 3600, 0, 0, 0 },

    { "unsupported_protocol", "The track is not available as a file.",
      404, 3600, 0, 0, 0 },

    { "bot_check", "The source takes the server for a bot.",
      503, 600, 0, 0, 1 },

    { "rate_limited", "The source received too many requests.",
      503, 300, 3600, 0, 1 },

    { "client_refused", "The source refused the client program.",
      502, 15, 0, 0, 0 },

    { "forbidden", "The source refused the server.", 502, 120, 0, 0, 0 },

    { "timeout", "The source did not answer in time.", 504, 15, 0, 0, 0 },

    { "network", "The source could not be reached.", 502, 15, 0, 0, 0 },

    { "tls", "The certificate of the source is not valid.", 502, 30, 0, 0, 0 },

    { "upstream", "The source answered with an error.", 502, 30, 0, 0, 0 },

    { "no_formats", "The source offers no format that can be played.",
      502, 60, 0, 0, 0 },

    { "extractor", "The response of the source is unknown.", 502, 60, 0, 0, 0 },

    { "internal", "The track could not be resolved.", 502, 15, 0, 0, 0 },

    { "legal", "The track is not available for legal reasons.",
      451, 86400, 0, 1, 0 },

    { "busy", "Too many tracks are waiting to be resolved.",
      503, 5, 0, 0, 0 },

    { "budget", "Only tracks that are played are resolved at present.",
      503, 60, 0, 0, 0 }
};


const voyo_class_info_t *
voyo_class_info(voyo_class_t class)
{
    if ((unsigned) class >= VOYO_CLASS_MAX) {
        class = VOYO_CLASS_INTERNAL;
    }

    return &voyo_classes[class];
}


voyo_class_t
voyo_class_by_name(const char *name, size_t len)
{
    int  i;

    for (i = VOYO_CLASS_NONE + 1; i < VOYO_CLASS_MAX; i++) {
        if (strlen(voyo_classes[i].name) == len
            && memcmp(voyo_classes[i].name, name, len) == 0)
        {
            return (voyo_class_t) i;
        }
    }

    return VOYO_CLASS_NONE;
}
