
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_ZONE_H_INCLUDED_
#define _NGX_VOYO_ZONE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_voyo_counters.h"
#include "ngx_voyo_failures.h"
#include "ngx_voyo_takedowns.h"

#include "voyo_record.h"


/*
 * The shared memory zone, in which all workers keep tracks: for each track its
 * identity, at most 1 KB, and separately the URLs in use, which are evicted
 * first when memory is short.  A track is removed "inactive" milliseconds after
 * its last access.  Everything is copied out under the zone's lock.
 */

typedef struct {
    uint64_t          generation;
    ngx_uint_t        takedowns;       /* for ngx_voyo_taken() */
    ngx_uint_t        accesses;        /* since it was added, including this */
    ngx_uint_t        nformats;
    voyo_format_t     formats[VOYO_FORMATS_MAX];
} ngx_voyo_identity_t;


typedef struct {
    uint64_t          generation;
    ngx_uint_t        codec;           /* voyo_codec_t */
    ngx_str_t         url;
    ngx_str_t         user_agent;
    time_t            expires;
    time_t            not_before;
    ngx_uint_t        fresh;           /* it replaced another 5 s ago or less */
} ngx_voyo_source_t;


typedef struct {
    size_t            size;            /* bytes of shared memory */
    size_t            used;
    ngx_uint_t        tracks;
} ngx_voyo_zone_stats_t;


/* Directive "voyo_zone name:size [inactive=time]". */
ngx_shm_zone_t *ngx_voyo_zone_create(ngx_conf_t *cf, ngx_str_t *name,
    size_t size, ngx_msec_t inactive, void *tag);

/*
 * Sets "voyo_egress".  URLs that the zone has from another one, before a
 * reload, are not used.
 */
void ngx_voyo_zone_set_egress(ngx_shm_zone_t *zone, ngx_str_t *egress);

/*
 * Stores a record, unless the zone has a newer generation.  NGX_DECLINED: the
 * track was taken down since it was resolved.  NGX_ERROR: there is no memory
 * even after eviction.  Then the record is not stored.
 */
ngx_int_t ngx_voyo_zone_put(ngx_shm_zone_t *zone, const voyo_record_t *record);

/*
 * Copies out the identity of a track and counts the access.  "track" is 11
 * characters.  NGX_DECLINED: the track is unknown.
 */
ngx_int_t ngx_voyo_zone_get(ngx_shm_zone_t *zone, ngx_str_t *track,
    ngx_voyo_identity_t *identity);

/*
 * The address has changed: URLs of records below that generation have expired.
 */
void ngx_voyo_zone_moved(ngx_shm_zone_t *zone, uint64_t generation);

/*
 * A track was taken down at "time": drops it, unless that is known already.
 * NGX_ERROR: there is no memory, even after eviction.
 */
ngx_int_t ngx_voyo_zone_take(ngx_shm_zone_t *zone, const u_char *track,
    uint64_t time);

/* The time of the last takedown that is known, or 0. */
uint64_t ngx_voyo_zone_taken(ngx_shm_zone_t *zone);

/* As ngx_voyo_taken(). */
ngx_uint_t ngx_voyo_zone_look(ngx_shm_zone_t *zone, const u_char *track,
    uint64_t generation, ngx_uint_t *seen);

/*
 * Whether a track was taken down since it had that generation.  "seen" is the
 * request's number of takedowns that it has looked at: 0, or an identity's.
 */
static ngx_inline ngx_uint_t
ngx_voyo_taken(ngx_shm_zone_t *zone, const u_char *track, uint64_t generation,
    ngx_uint_t *seen)
{
    return *seen != ngx_voyo_counters(zone)->takedowns
           && ngx_voyo_zone_look(zone, track, generation, seen);
}

/* The generation of a track, without counting an access; 0: unknown. */
uint64_t ngx_voyo_zone_generation(ngx_shm_zone_t *zone, ngx_str_t *track);

/*
 * Copies a representation's URL out to "pool".  NGX_DECLINED: the URL is
 * unknown; "generation" is then the track's, or 0 if that is unknown too.
 * NGX_ABORT: the track is known but has no such representation.  NGX_ERROR: no
 * memory.
 */
ngx_int_t ngx_voyo_zone_source(ngx_shm_zone_t *zone, ngx_str_t *track,
    ngx_str_t *representation, ngx_pool_t *pool, ngx_voyo_source_t *source);

/*
 * Replaces the source of a representation that was found elsewhere, if the
 * track is known with source->generation.
 */
void ngx_voyo_zone_found(ngx_shm_zone_t *zone, ngx_str_t *track,
    ngx_str_t *representation, const ngx_voyo_source_t *source);

/* The source of one of a record's formats, which is not copied. */
void ngx_voyo_zone_source_of(ngx_voyo_source_t *source,
    const voyo_record_t *record, ngx_uint_t format);

/* What the zone keeps besides. */
ngx_voyo_failures_t *ngx_voyo_zone_failures(ngx_shm_zone_t *zone);
ngx_voyo_takedowns_t *ngx_voyo_zone_takedowns(ngx_shm_zone_t *zone);

void ngx_voyo_zone_stats(ngx_shm_zone_t *zone, ngx_voyo_zone_stats_t *stats);


#endif /* _NGX_VOYO_ZONE_H_INCLUDED_ */
