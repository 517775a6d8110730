
/*
 * Copyright (C) the VOYO authors
 */


#ifndef _NGX_VOYO_TAKEDOWNS_H_INCLUDED_
#define _NGX_VOYO_TAKEDOWNS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "voyo_track.h"


/*
 * The tracks that were taken down, in the zone: a copy of the log in Redis, in
 * its order.  With it a play that is under way notices that its track was taken
 * down, a late answer of Redis does not put the track back, and the cache
 * manager knows what to remove.
 */

#define NGX_VOYO_TAKEDOWNS         84      /* in a chunk of 2 KB */
#define NGX_VOYO_TAKEDOWNS_CHUNKS  1191    /* for all that Redis keeps */


typedef struct {
    uint64_t           time;           /* ms, by the clock of Redis */
    uint32_t           added;          /* seconds, by this machine's */
    u_char             track[VOYO_TRACK_LEN];
} ngx_voyo_takedown_t;


typedef struct {
    ngx_queue_t          queue;
    ngx_uint_t           n;
    ngx_voyo_takedown_t  list[NGX_VOYO_TAKEDOWNS];
} ngx_voyo_takedowns_chunk_t;


typedef struct {
    ngx_shmtx_t       *mutex;          /* of the zone */
    ngx_queue_t        chunks;         /* oldest first; all but one are full */
    ngx_uint_t         nchunks;
    ngx_uint_t         max;            /* chunks */
    ngx_uint_t         n;              /* ever added */
    ngx_uint_t         removed;        /* of these, without slices on disk */
    ngx_uint_t         settled;        /* nor any that were being fetched */
    uint64_t           last;           /* time of the newest */
} ngx_voyo_takedowns_t;


/* With the lock: */

/* They use an eighth of "size", the zone's, at most. */
void ngx_voyo_takedowns_init(ngx_voyo_takedowns_t *takedowns,
    ngx_shmtx_t *mutex, size_t size);

/*
 * Whether ngx_voyo_takedowns_add() needs another chunk.  One whose takedowns
 * are older than 30 days, or the oldest of too many, is used again instead.
 */
ngx_uint_t ngx_voyo_takedowns_full(ngx_voyo_takedowns_t *takedowns);
void ngx_voyo_takedowns_grow(ngx_voyo_takedowns_t *takedowns,
    ngx_voyo_takedowns_chunk_t *chunk);

void ngx_voyo_takedowns_add(ngx_voyo_takedowns_t *takedowns,
    const u_char *track, uint64_t time);

/*
 * Whether a track was taken down since it had that generation, by a takedown
 * that is not one of the first "seen".
 */
ngx_uint_t ngx_voyo_takedowns_find(ngx_voyo_takedowns_t *takedowns,
    const u_char *track, uint64_t generation, ngx_uint_t seen);

/* Without the lock: */

/*
 * Allocates a list of the takedowns that are not settled, oldest first: the
 * last "n" of "all".  NULL: there are none, or no memory.
 */
ngx_voyo_takedown_t *ngx_voyo_takedowns_copy(ngx_voyo_takedowns_t *takedowns,
    ngx_uint_t *n, ngx_uint_t *all, ngx_log_t *log);


#endif /* _NGX_VOYO_TAKEDOWNS_H_INCLUDED_ */
