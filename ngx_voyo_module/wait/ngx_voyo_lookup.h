
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_LOOKUP_H_INCLUDED_
#define _NGX_VOYO_LOOKUP_H_INCLUDED_


#include "ngx_voyo_module.h"
#include "ngx_voyo_redis_connection.h"


/*
 * Records of tracks: queries Redis for waiting requests, fills the zone, and
 * receives events.
 */

/* Connects the worker: vmcf->connection and vmcf->wait. */
ngx_int_t ngx_voyo_lookup_init(ngx_cycle_t *cycle,
    ngx_voyo_main_conf_t *vmcf);

/*
 * Requests a track with a generation above "newer_than" at low priority,
 * although no request waits for it; the result is stored in the zone.
 */
void ngx_voyo_lookup_refresh(ngx_voyo_main_conf_t *vmcf, ngx_str_t *track,
    uint64_t newer_than);

/*
 * Requests the heartbeats of all resolvers.  NGX_OK: the handler is called
 * once, with an array of strings, or NULL; NGX_ERROR: Redis is not available.
 */
ngx_int_t ngx_voyo_lookup_heartbeats(ngx_voyo_main_conf_t *vmcf,
    ngx_voyo_redis_reply_pt handler, void *data);


#endif /* _NGX_VOYO_LOOKUP_H_INCLUDED_ */
