
/*
 * Copyright (C) the VOYO authors
 */


#include "ngx_voyo_cached.h"
#include "ngx_voyo_purge.h"
#include "ngx_voyo_zone.h"


/*
 * Only a file itself says of which track it is: its name is a digest.  So the
 * directories are walked, once for all takedowns that are new, and once more
 * when nothing can be stored any more that was being fetched.
 */

#define NGX_VOYO_PURGE_POLL    1000    /* ms */
#define NGX_VOYO_PURGE_SETTLE  10      /* s, until the second walk */
#define NGX_VOYO_PURGE_DEPTH   4       /* of a cache's directories */
#define NGX_VOYO_PURGE_FILES   64      /* between looks at the clock */

#define NGX_VOYO_PURGE_KEY     "\nKEY: "
#define NGX_VOYO_PURGE_ART     "art/"


typedef struct {
    ngx_shm_zone_t       *zone;
    ngx_array_t           caches;      /* of ngx_http_file_cache_t * */

    /* of the cache manager's process */

    ngx_voyo_takedown_t  *list;        /* by track; NULL: it does not walk */
    ngx_uint_t            n;
    ngx_uint_t            known;       /* takedowns of the zone, with these */
    ngx_uint_t            settled;     /* once this walk is done */
    time_t                next;        /* second walk, 0: none */
    ngx_uint_t            cache;       /* that is walked */
    ngx_uint_t            depth;       /* open directories */
    DIR                  *dirs[NGX_VOYO_PURGE_DEPTH];
    ngx_uint_t            files;       /* removed */
} ngx_voyo_purge_t;


static ngx_msec_t ngx_voyo_purge_manager(void *data);
static void ngx_voyo_purge_begin(ngx_voyo_purge_t *purge);
static void ngx_voyo_purge_end(ngx_voyo_purge_t *purge);
static ngx_uint_t ngx_voyo_purge_walk(ngx_voyo_purge_t *purge,
    ngx_http_file_cache_t *cache);
static void ngx_voyo_purge_open(ngx_voyo_purge_t *purge, int parent,
    const char *name);
static void ngx_voyo_purge_file(ngx_voyo_purge_t *purge,
    ngx_http_file_cache_t *cache, int dir, const char *name);
static ngx_uint_t ngx_voyo_purge_taken(ngx_voyo_purge_t *purge, int dir,
    const char *name);
static void ngx_voyo_purge_forget(ngx_http_file_cache_t *cache,
    const char *name);
static int ngx_libc_cdecl ngx_voyo_purge_cmp(const void *one, const void *two);


static ngx_msec_t
ngx_voyo_purge_manager(void *data)
{
    ngx_voyo_purge_t        *purge = data;
    ngx_http_file_cache_t  **cache;

    if (purge->list == NULL
        && (purge->known != ngx_voyo_counters(purge->zone)->takedowns
            || (purge->next && ngx_time() >= purge->next)))
    {
        ngx_voyo_purge_begin(purge);
    }

    if (purge->list == NULL) {
        return NGX_VOYO_PURGE_POLL;
    }

    cache = purge->caches.elts;

    for ( /* void */ ; purge->cache < purge->caches.nelts; purge->cache++) {

        if (purge->depth == 0) {
            ngx_voyo_purge_open(purge, AT_FDCWD,
                             (char *) cache[purge->cache]->path->name.data);
        }

        /* in portions, so that nginx's own work is not delayed */

        if (ngx_voyo_purge_walk(purge, cache[purge->cache])) {
            return cache[purge->cache]->manager_sleep;
        }
    }

    ngx_voyo_purge_end(purge);

    return NGX_VOYO_PURGE_POLL;
}


static void
ngx_voyo_purge_begin(ngx_voyo_purge_t *purge)
{
    ngx_uint_t  i;

    purge->list = ngx_voyo_takedowns_copy(ngx_voyo_zone_takedowns(purge->zone),
                                          &purge->n, &purge->known,
                                          ngx_cycle->log);
    if (purge->list == NULL) {
        return;
    }

    for (i = 0; i < purge->n; i++) {
        if ((uint32_t) ngx_time() - purge->list[i].added
            < NGX_VOYO_PURGE_SETTLE)
        {
            break;
        }
    }

    purge->settled = purge->known - purge->n + i;
    purge->next = i < purge->n ? ngx_time() + NGX_VOYO_PURGE_SETTLE : 0;
    purge->cache = 0;
    purge->files = 0;

    ngx_qsort(purge->list, purge->n, sizeof(ngx_voyo_takedown_t),
              ngx_voyo_purge_cmp);
}


static void
ngx_voyo_purge_end(ngx_voyo_purge_t *purge)
{
    ngx_voyo_takedowns_t  *takedowns;

    takedowns = ngx_voyo_zone_takedowns(purge->zone);

    takedowns->removed = purge->known;
    takedowns->settled = purge->settled;

    ngx_voyo_count_add(purge->zone, NGX_VOYO_TAKEN_FILES, purge->files);

    ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                  "%ui files of %ui tracks that were taken down are removed",
                  purge->files, purge->n);

    ngx_free(purge->list);
    purge->list = NULL;
}


/* Whether it is to be continued. */

static ngx_uint_t
ngx_voyo_purge_walk(ngx_voyo_purge_t *purge, ngx_http_file_cache_t *cache)
{
    DIR            *dir;
    size_t          len;
    ngx_msec_t      start;
    ngx_uint_t      n;
    struct dirent  *entry;

    ngx_time_update();

    start = ngx_current_msec;

    for (n = 1; purge->depth; n++) {

        dir = purge->dirs[purge->depth - 1];
        entry = readdir(dir);

        if (entry == NULL) {
            (void) closedir(dir);
            purge->depth--;
            continue;
        }

        len = ngx_strlen(entry->d_name);

        if (len == 2 * NGX_HTTP_CACHE_KEY_LEN) {
            ngx_voyo_purge_file(purge, cache, dirfd(dir), entry->d_name);

        } else if (len <= 2 && entry->d_name[0] != '.') {
            ngx_voyo_purge_open(purge, dirfd(dir), entry->d_name);
        }

        if (n % NGX_VOYO_PURGE_FILES) {
            continue;
        }

        ngx_time_update();

        if (ngx_current_msec - start >= cache->manager_threshold) {
            return 1;
        }
    }

    return 0;
}


static void
ngx_voyo_purge_open(ngx_voyo_purge_t *purge, int parent, const char *name)
{
    int   fd;
    DIR  *dir;

    if (purge->depth == NGX_VOYO_PURGE_DEPTH) {
        return;
    }

    fd = openat(parent, name, O_RDONLY|O_DIRECTORY);
    if (fd == -1) {
        return;
    }

    dir = fdopendir(fd);
    if (dir == NULL) {
        (void) close(fd);
        return;
    }

    purge->dirs[purge->depth++] = dir;
}


static void
ngx_voyo_purge_file(ngx_voyo_purge_t *purge, ngx_http_file_cache_t *cache,
    int dir, const char *name)
{
    if (!ngx_voyo_purge_taken(purge, dir, name)) {
        return;
    }

    ngx_voyo_purge_forget(cache, name);

    if (unlinkat(dir, name, 0) == -1) {

        if (ngx_errno == NGX_ENOENT) {
            return;
        }

        ngx_log_error(NGX_LOG_CRIT, ngx_cycle->log, ngx_errno,
                      ngx_delete_file_n " \"%s\" in \"%V\" failed", name,
                      &cache->path->name);
        return;
    }

    purge->files++;
}


/* A key is "<id>.<itag>...", or "art/<id>" of a picture. */

static ngx_uint_t
ngx_voyo_purge_taken(ngx_voyo_purge_t *purge, int dir, const char *name)
{
    int                  fd;
    u_char              *p;
    ssize_t              n;
    ngx_voyo_takedown_t  track;

    struct {
        ngx_http_file_cache_header_t  header;
        u_char                        key[sizeof(NGX_VOYO_PURGE_KEY) - 1];
        u_char                        text[sizeof(NGX_VOYO_PURGE_ART)
                                           + VOYO_TRACK_LEN];
    } file;

    fd = openat(dir, name, O_RDONLY);
    if (fd == -1) {
        return 0;
    }

    ngx_memzero(file.text, sizeof(file.text));

    n = pread(fd, &file, sizeof(file), 0);

    (void) close(fd);

    if (n <= (ssize_t) (sizeof(file) - sizeof(file.text))
        || ngx_memcmp(file.key, NGX_VOYO_PURGE_KEY, sizeof(file.key)) != 0)
    {
        return 0;
    }

    p = file.text;

    if (ngx_strncmp(p, NGX_VOYO_PURGE_ART, sizeof(NGX_VOYO_PURGE_ART) - 1)
        == 0)
    {
        p += sizeof(NGX_VOYO_PURGE_ART) - 1;
    }

    if (p[VOYO_TRACK_LEN] != (p == file.text ? '.' : LF)) {
        return 0;
    }

    ngx_memcpy(track.track, p, VOYO_TRACK_LEN);

    return bsearch(&track, purge->list, purge->n, sizeof(ngx_voyo_takedown_t),
                   ngx_voyo_purge_cmp)
           != NULL;
}


/* As nginx's cache does when it expires, but the node stays until then. */

static void
ngx_voyo_purge_forget(ngx_http_file_cache_t *cache, const char *name)
{
    u_char                       key[NGX_HTTP_CACHE_KEY_LEN];
    ngx_int_t                    n;
    ngx_uint_t                   i;
    ngx_http_file_cache_node_t  *fcn;

    for (i = 0; i < NGX_HTTP_CACHE_KEY_LEN; i++) {

        n = ngx_hextoi((u_char *) name + 2 * i, 2);
        if (n == NGX_ERROR) {
            return;
        }

        key[i] = (u_char) n;
    }

    ngx_shmtx_lock(&cache->shpool->mutex);

    fcn = ngx_voyo_cached_node(cache, key);

    if (fcn && fcn->exists) {
        cache->sh->size -= fcn->fs_size;
        fcn->fs_size = 0;
        fcn->exists = 0;
    }

    ngx_shmtx_unlock(&cache->shpool->mutex);
}


static int ngx_libc_cdecl
ngx_voyo_purge_cmp(const void *one, const void *two)
{
    const ngx_voyo_takedown_t  *first = one;
    const ngx_voyo_takedown_t  *second = two;

    return ngx_memcmp(first->track, second->track, VOYO_TRACK_LEN);
}


ngx_int_t
ngx_voyo_purge_init(ngx_conf_t *cf, ngx_voyo_main_conf_t *vmcf)
{
    ngx_uint_t                  i, j;
    ngx_path_t                **path;
    ngx_voyo_purge_t           *purge;
    ngx_http_file_cache_t     **cache;
    ngx_http_upstream_conf_t   *proxy;
    ngx_http_core_loc_conf_t  **clcf;

    extern ngx_module_t  ngx_http_proxy_module;

    purge = ngx_pcalloc(cf->pool, sizeof(ngx_voyo_purge_t));

    if (purge == NULL
        || ngx_array_init(&purge->caches, cf->pool, 1, sizeof(*cache))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    purge->zone = vmcf->shm_zone;
    clcf = vmcf->streams.elts;

    for (i = 0; i < vmcf->streams.nelts; i++) {

        /* a prefix of its type (docs/upstream.md, N40) */

        proxy = clcf[i]->loc_conf[ngx_http_proxy_module.ctx_index];

        if (proxy->cache_zone == NULL) {
            continue;
        }

        cache = purge->caches.elts;

        for (j = 0; j < purge->caches.nelts; j++) {
            if (cache[j] == proxy->cache_zone->data) {
                break;
            }
        }

        if (j < purge->caches.nelts) {
            continue;
        }

        cache = ngx_array_push(&purge->caches);
        if (cache == NULL) {
            return NGX_ERROR;
        }

        *cache = proxy->cache_zone->data;
    }

    if (purge->caches.nelts == 0) {
        return NGX_OK;
    }

    /* not by ngx_add_path(), since the directory is that of a cache */

    path = ngx_array_push(&cf->cycle->paths);
    if (path == NULL) {
        return NGX_ERROR;
    }

    *path = ngx_pcalloc(cf->pool, sizeof(ngx_path_t));
    if (*path == NULL) {
        return NGX_ERROR;
    }

    cache = purge->caches.elts;

    (*path)->name = cache[0]->path->name;
    (*path)->manager = ngx_voyo_purge_manager;
    (*path)->data = purge;
    (*path)->conf_file = cache[0]->path->conf_file;
    (*path)->line = cache[0]->path->line;

    return NGX_OK;
}
