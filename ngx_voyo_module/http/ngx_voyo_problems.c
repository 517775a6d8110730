
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_problems.h"

#include "voyo_class.h"


const ngx_voyo_problem_t  ngx_voyo_problem_track = {
    400, "bad_track",
    "The track id must be the 11 characters of a YouTube id, or vyo_ and "
    "their base64url.", 0, 0, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_quality = {
    400, "bad_quality", "The quality must be low, medium or high.", 0, 0, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_codec = {
    400, "bad_codec", "The codec must be aac or opus.", 0, 0, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_prefetch = {
    400, "bad_prefetch",
    "The parameter prefetch must be a track id or true.", 0, 0, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_changed = {
    412, "changed", "The track was re-encoded.", 0, 0, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_method = {
    405, "bad_method", "This method is not supported, see Allow.",
    0, 0, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_range = {
    416, "range_not_satisfiable", "The track has no bytes in this range.",
    0, 0, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_busy = {
    503, "busy", "Too many requests are waiting for their tracks.", 5, 1, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_room = {
    503, "no_room", "The cache has no room for the track.", 60, 1, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_memory = {
    503, "busy", "The server is short of memory.", 5, 1, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_redis = {
    503, "redis_unavailable",
    "Tracks that are not cached cannot be looked up at present.", 2, 1, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_resolver = {
    503, "no_resolver",
    "Tracks that are not cached cannot be resolved at present.", 5, 1, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_timeout = {
    504, "resolve_timeout", "The track was not resolved in time.", 5, 1, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_request = {
    400, "bad_request", "This is not a request for a slice.", 0, 0, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_client = {
    400, "bad_request", "The request is malformed.", 0, 0, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_refused = {
    403, "refused", "The request was refused.", 0, 0, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_limited = {
    429, "too_many_requests", "There were too many requests.", 5, 1, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_media = {
    502, "media_failed", "The track could not be fetched.", 5, 1, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_host = {
    502, "host_not_allowed",
    "The track is on a host that is not allowed.", 60, 0, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_gone = {
    NGX_VOYO_GONE, "representation_gone",
    "The track was re-encoded, request it again.", 1, 1, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_broken = {
    502, "media_failed", "The track could not be served.", 5, 1, 0
};

/* of a response that was cut, so that no client receives it */

const ngx_voyo_problem_t  ngx_voyo_problem_slice = {
    502, "slice_incomplete", "A slice was not complete.", 0, 1, 0
};

const ngx_voyo_problem_t  ngx_voyo_problem_taken = {
    NGX_VOYO_GONE, "taken_down", "The track was taken down.", 0, 0, 0
};


/* The problems that the origin may respond with. */

static const ngx_voyo_problem_t *const  ngx_voyo_problems[] = {
    &ngx_voyo_problem_request,
    &ngx_voyo_problem_limited,
    &ngx_voyo_problem_busy,
    &ngx_voyo_problem_redis,
    &ngx_voyo_problem_resolver,
    &ngx_voyo_problem_timeout,
    &ngx_voyo_problem_media,
    &ngx_voyo_problem_host,
    &ngx_voyo_problem_gone
};


void
ngx_voyo_problem_named(ngx_voyo_problem_t *problem, ngx_uint_t status,
    ngx_str_t *code)
{
    size_t                    len;
    ngx_uint_t                i;
    voyo_class_t              class;
    const voyo_class_info_t  *info;

    *problem = ngx_voyo_problem_broken;

    for (i = 0; code && i < sizeof(ngx_voyo_problems) / sizeof(void *); i++) {

        len = ngx_strlen(ngx_voyo_problems[i]->code);

        if (code->len == len
            && ngx_strncmp(code->data, ngx_voyo_problems[i]->code, len) == 0)
        {
            *problem = *ngx_voyo_problems[i];
            break;
        }
    }

    class = code ? voyo_class_by_name((char *) code->data, code->len)
                 : VOYO_CLASS_NONE;

    if (class != VOYO_CLASS_NONE) {
        info = voyo_class_info(class);

        problem->code = info->name;
        problem->title = info->title;
        problem->retryable = !info->permanent;
        problem->retry_after = 0;
    }

    /* without a code it failed between origin and edge */

    if (status == NGX_VOYO_GONE
        || (code == NULL
            && status != NGX_HTTP_SERVICE_UNAVAILABLE
            && status != NGX_HTTP_GATEWAY_TIME_OUT
            && (status < NGX_HTTP_BAD_REQUEST
                || status >= NGX_HTTP_INTERNAL_SERVER_ERROR)))
    {
        status = NGX_HTTP_BAD_GATEWAY;
    }

    if (status < NGX_HTTP_INTERNAL_SERVER_ERROR
        && status != NGX_HTTP_TOO_MANY_REQUESTS)
    {
        problem->retry_after = 0;
    }

    /* the edge's own locations may have an error_page for 429 */

    if (problem->status != NGX_HTTP_TOO_MANY_REQUESTS) {
        problem->status = status;
    }
}


void
ngx_voyo_problem_refusal(ngx_voyo_problem_t *problem, ngx_uint_t status)
{
    if (status >= NGX_HTTP_NGINX_CODES
        && status < NGX_HTTP_INTERNAL_SERVER_ERROR)
    {
        status = NGX_HTTP_BAD_REQUEST;
    }

    switch (status) {

    case NGX_HTTP_BAD_REQUEST:
        *problem = ngx_voyo_problem_client;
        break;

    case NGX_HTTP_TOO_MANY_REQUESTS:
        *problem = ngx_voyo_problem_limited;
        break;

    case NGX_HTTP_SERVICE_UNAVAILABLE:
        *problem = ngx_voyo_problem_busy;
        break;

    default:

        if (status >= NGX_HTTP_INTERNAL_SERVER_ERROR) {
            *problem = ngx_voyo_problem_broken;
            break;
        }

        *problem = ngx_voyo_problem_refused;

        if (status >= NGX_HTTP_BAD_REQUEST) {
            problem->status = status;
        }
    }
}
