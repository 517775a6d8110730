
/*
 * Copyright (C) the VOYO authors
 */


/*
 * Listeners that read as media elements do: a burst, then the pace of the
 * sound; each compares what it receives with the file it should be.
 *
 *     listeners PORT LISTENERS RATE BURST SECONDS PATH FILE [PATH FILE]...
 *
 * RATE is in bytes per second, BURST in bytes.  The listeners are spread over
 * the paths and begin within a tenth of SECONDS, each at an offset of its own.
 * One that has received everything starts again from the first byte; one whose
 * connection ends early resumes with the next byte, once a second.
 *
 * Prints one line of JSON: listeners, bytes, stalled (listeners that waited for
 * more than a second in all), longest_stall (seconds), resumed, wrong (bytes
 * that were not those of the file), first_p50 and first_p99 (milliseconds from
 * the request to the first byte of the body).  Exit status: 0, or 2 for a wrong
 * command line or too few descriptors.
 */


#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>


#define HEADER_MAX   4096
#define TICK         0.02                 /* seconds */


typedef struct {
    const char  *path;
    const char  *body;
    size_t       size;
} track_t;


typedef struct {
    int             fd;
    const track_t  *track;
    size_t          next;        /* byte of the track */
    size_t          received;    /* since "began" */
    double          starts;      /* when it connects */
    double          asked;       /* the request was sent */
    double          began;       /* its first byte arrived */
    double          stalled;     /* seconds, in all */
    double          waits;       /* since when it has nothing to play, or 0 */
    unsigned        body:1;      /* the header is over */
    unsigned        first:1;     /* "began" is set */
    size_t          header_len;
    char            header[HEADER_MAX];
} listener_t;


static struct {
    unsigned  port;
    size_t    n;
    double    rate;
    size_t    burst;
    double    seconds;
} want;

static int          queue;
static listener_t  *listeners;
static double      *firsts;
static size_t       nfirsts;
static size_t       bytes, resumed, wrong;


static double
now(void)
{
    struct timespec  t;

    (void) clock_gettime(CLOCK_MONOTONIC, &t);

    return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}


static void
fail(const char *what)
{
    fprintf(stderr, "listeners: %s: %s\n", what, strerror(errno));
    exit(2);
}


static void
ask(listener_t *l)
{
    int                 len;
    char                request[512];
    struct epoll_event  event;
    struct sockaddr_in  address;

    l->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (l->fd == -1) {
        fail("socket()");
    }

    len = 64 * 1024;
    (void) setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &len, sizeof(len));

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_port = htons((in_port_t) want.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    /* loopback answers at once, or the backlog is full */

    if (connect(l->fd, (struct sockaddr *) &address, sizeof(address)) == -1) {
        fail("connect()");
    }

    len = snprintf(request, sizeof(request),
                   "GET %s HTTP/1.1\r\nHost: voyo\r\nRange: bytes=%zu-\r\n\r\n",
                   l->track->path, l->next);

    if (send(l->fd, request, (size_t) len, MSG_NOSIGNAL) != len) {
        fail("send()");
    }

    (void) fcntl(l->fd, F_SETFL, O_NONBLOCK);

    l->asked = now();
    l->body = 0;
    l->header_len = 0;

    event.events = EPOLLIN;
    event.data.ptr = l;

    if (epoll_ctl(queue, EPOLL_CTL_ADD, l->fd, &event) == -1) {
        fail("epoll_ctl()");
    }
}


/* Bytes that it may have received by now. */

static size_t
allowed(const listener_t *l, double t)
{
    return l->first ? want.burst + (size_t) ((t - l->began) * want.rate)
                    : want.burst;
}


static void
pace(listener_t *l, unsigned events)
{
    struct epoll_event  event;

    event.events = events;
    event.data.ptr = l;

    (void) epoll_ctl(queue, EPOLL_CTL_MOD, l->fd, &event);
}


static void
leave(listener_t *l, double t)
{
    (void) close(l->fd);
    l->fd = -1;
    l->starts = t;

    if (l->next == l->track->size) {
        l->next = 0;

    } else {
        l->starts += 1;
        resumed++;
    }
}


static void
take(listener_t *l, const char *data, size_t n, double t)
{
    size_t  left;

    if (!l->first) {
        l->first = 1;
        l->began = t;
        firsts[nfirsts++] = 1000 * (t - l->asked);
    }

    if (l->waits > 0) {
        l->stalled += t - l->waits;
        l->waits = 0;
    }

    left = l->track->size - l->next;

    if (n > left || memcmp(data, l->track->body + l->next, n) != 0) {
        wrong += n;
        n = n < left ? n : left;
    }

    l->next += n;
    l->received += n;
    bytes += n;
}


static void
readable(listener_t *l, double t)
{
    char         *end, *buffer;
    size_t        most;
    ssize_t       n;
    static char   data[65536];

    for ( ;; ) {

        if (l->body) {
            most = allowed(l, t);

            if (l->received >= most) {
                pace(l, 0);
                return;
            }

            most -= l->received;
            most = most < sizeof(data) ? most : sizeof(data);
            buffer = data;

        } else {
            buffer = l->header + l->header_len;
            most = HEADER_MAX - 1 - l->header_len;
        }

        n = recv(l->fd, buffer, most, 0);

        if (n == -1 && errno == EAGAIN) {
            return;
        }

        if (n <= 0) {
            leave(l, t);
            return;
        }

        if (l->body) {
            take(l, data, (size_t) n, t);

        } else {
            l->header_len += (size_t) n;
            l->header[l->header_len] = '\0';
            end = strstr(l->header, "\r\n\r\n");

            if (end == NULL) {
                continue;
            }

            if (strncmp(l->header, "HTTP/1.1 206", 12) != 0) {
                fprintf(stderr, "listeners: %s was answered %.12s\n",
                        l->track->path, l->header);
                exit(2);
            }

            l->body = 1;
            end += 4;
            take(l, end, l->header_len - (size_t) (end - l->header), t);
        }

        if (l->next == l->track->size) {
            leave(l, t);
            return;
        }
    }
}


static void
tick(listener_t *l, double t)
{
    double  played;

    if (l->fd == -1) {
        if (t >= l->starts) {
            ask(l);
        }

        return;
    }

    if (!l->first) {
        return;
    }

    /* a media element plays a second after its first byte */

    played = (t - l->began - 1 - l->stalled) * want.rate;

    if (l->waits == 0 && played > (double) l->received) {
        l->waits = t;
    }

    if (l->body && l->received < allowed(l, t)) {
        pace(l, EPOLLIN);
    }
}


static int
compare(const void *a, const void *b)
{
    double  x = *(const double *) a, y = *(const double *) b;

    return x < y ? -1 : x > y;
}


static track_t *
tracks(char **words, size_t n)
{
    int           fd;
    size_t        i;
    track_t      *list;
    struct stat   st;

    list = calloc(n, sizeof(track_t));
    if (list == NULL) {
        fail("calloc()");
    }

    for (i = 0; i < n; i++) {
        list[i].path = words[2 * i];

        fd = open(words[2 * i + 1], O_RDONLY);
        if (fd == -1 || fstat(fd, &st) == -1) {
            fail(words[2 * i + 1]);
        }

        list[i].size = (size_t) st.st_size;
        list[i].body = mmap(NULL, list[i].size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (list[i].body == MAP_FAILED) {
            fail("mmap()");
        }

        (void) close(fd);
    }

    return list;
}


int
main(int argc, char **argv)
{
    int                 n, i;
    size_t              k, stalled;
    double              t, start, next, longest;
    track_t            *list;
    struct rlimit       limit;
    struct epoll_event  events[512];

    if (argc < 8 || argc % 2) {
        fprintf(stderr, "usage: listeners PORT LISTENERS RATE BURST SECONDS "
                        "PATH FILE [PATH FILE]...\n");
        return 2;
    }

    want.port = (unsigned) strtoul(argv[1], NULL, 10);
    want.n = strtoul(argv[2], NULL, 10);
    want.rate = strtod(argv[3], NULL);
    want.burst = strtoul(argv[4], NULL, 10);
    want.seconds = strtod(argv[5], NULL);
    n = (argc - 6) / 2;

    (void) getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;

    if (limit.rlim_max < want.n + 64
        || setrlimit(RLIMIT_NOFILE, &limit) == -1)
    {
        fprintf(stderr, "listeners: %zu descriptors are needed, see "
                        "\"ulimit -n\"\n", want.n + 64);
        return 2;
    }

    list = tracks(argv + 6, (size_t) n);
    listeners = calloc(want.n, sizeof(listener_t));
    firsts = calloc(want.n, sizeof(double));
    queue = epoll_create1(0);

    if (listeners == NULL || firsts == NULL || queue == -1) {
        fail("calloc()");
    }

    start = now();

    for (k = 0; k < want.n; k++) {
        listeners[k].fd = -1;
        listeners[k].track = &list[k % (size_t) n];
        listeners[k].next = listeners[k].track->size * (k / (size_t) n)
                            / (want.n / (size_t) n + 1);
        listeners[k].starts = start + want.seconds / 10 * (double) k
                                      / (double) want.n;
    }

    next = start;

    for (t = start; t < start + want.seconds; t = now()) {

        if (t >= next) {
            for (k = 0; k < want.n; k++) {
                tick(&listeners[k], t);
            }

            next = t + TICK;
        }

        n = epoll_wait(queue, events, 512, 5);

        for (i = 0; i < n; i++) {
            readable(events[i].data.ptr, now());
        }
    }

    longest = 0;
    stalled = 0;

    for (k = 0; k < want.n; k++) {
        if (listeners[k].waits > 0) {
            listeners[k].stalled += t - listeners[k].waits;
        }

        stalled += listeners[k].stalled > 1;
        longest = listeners[k].stalled > longest ? listeners[k].stalled
                                                 : longest;
    }

    qsort(firsts, nfirsts, sizeof(double), compare);

    printf("{\"listeners\": %zu, \"began\": %zu, \"bytes\": %zu, "
           "\"stalled\": %zu, \"longest_stall\": %.2f, \"resumed\": %zu, "
           "\"wrong\": %zu, \"first_p50\": %.1f, \"first_p99\": %.1f}\n",
           want.n, nfirsts, bytes, stalled, longest, resumed, wrong,
           nfirsts ? firsts[nfirsts / 2] : 0,
           nfirsts ? firsts[nfirsts * 99 / 100] : 0);

    return 0;
}
