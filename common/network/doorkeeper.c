//  libzmq reports a connection before it reads from it, and its end before it closes the
//  descriptor. But the socket's owner is another thread, and may receive a message before the
//  doorkeeper knows the connection: `early` holds such visitors.
//
//  libzmq's I/O thread blocks when some thousand events are unread, so it cannot run further ahead.
//  For this reason the doorkeeper's thread waits only for events.
//  SPDX-License-Identifier: Apache-2.0
#include "common/network/doorkeeper.h"

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <zmq.h>

#include "common/network/client_address.h"
#include "common/network/rates.h"
#include "common/network/visitor.h"
#include "common/process/clock.h"
#include "common/process/descriptors.h"
#include "common/process/log.h"
#include "common/process/thread.h"

#define SHARE 8  //  a socket may have one part in eight of the descriptors
#define VISITORS_MAX 1024
#define VISITORS_MIN 16
#define NEW_PER_SECOND 64  //  connections of one address
#define LOG_MS 10000
#define LOOK_MS 1000  //  between two searches for dead visitors
#define WATCH_MS 100  //  between two searches for visitors that complete no message
//  Bounds for incomplete messages: the bytes from which a visitor is watched; the bytes that one
//  visitor may send beyond the largest part; the bytes of all visitors; and the bytes of heartbeats
//  in a second, which are not messages.
#define WATCHED_BYTES (16 * 1024)
#define INCOMPLETE_BYTES (64 * 1024)
#define INCOMPLETE_BYTES_OF_ALL (16 * 1024 * 1024)
#define HEARTBEAT_BYTES 32
//  Handshakes that fail before a key can be judged. If the peer closes first, there is no detail.
#define MISMATCHES (ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)
#define EVENTS                                                                                     \
    (ZMQ_EVENT_LISTENING | ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_ACCEPT_FAILED | ZMQ_EVENT_DISCONNECTED | \
        MISMATCHES | ZMQ_EVENT_MONITOR_STOPPED)

typedef struct {
    visitor_t visitor;
    GList place;  //  in the queue of silent visitors
    bool is_silent;
    bool is_ended;    //  ended here, not yet closed by libzmq
    bool is_watched;  //  it has completed no message since base_bytes
    uint64_t base_bytes;
    char *user;  //  of its first message; NULL: it has none, or has sent no message
} visit_t;

//  A visitor that has sent a message, and is not known yet.
typedef struct {
    uint64_t cookie;
    char *user;
} early_t;

struct doorkeeper {
    void *socket;  //  watched
    int fd;        //  the socket's, readable when libzmq has something to tell its owner
    uint64_t incomplete_max;
    void *monitor;  //  its events; for the thread only
    pthread_t thread;
    unsigned visitors_max;
    rates_t *rates;        //  of new connections, for each address
    pthread_mutex_t lock;  //  guards everything below but the atomic members
    GHashTable *visits;    //  descriptor to visit_t *
    GHashTable *early;     //  descriptor to early_t *
    GQueue silent;         //  of visit_t *, the oldest first
    unsigned ending;       //  visits with is_ended
    int64_t logged_ms;
    int64_t looked_ms;
    unsigned watched;  //  visits that are watched
    atomic_uint waiting_count;
    atomic_bool is_empty;
    _Atomic uint64_t ended;
    _Atomic uint64_t mismatched;
};

unsigned
doorkeeper_visitors_max (void)
{
    uint64_t share = descriptors_raise () / SHARE;
    return (unsigned) CLAMP (share, VISITORS_MIN, VISITORS_MAX);
}

static void
s_free_visit (void *data)
{
    visit_t *visit = data;
    g_free (visit->user);
    g_free (visit);
}

static void
s_free_early (void *data)
{
    early_t *early = data;
    g_free (early->user);
    g_free (early);
}

static void
s_count_waiting (doorkeeper_t *self)
{
    atomic_store (&self->waiting_count, self->silent.length + self->watched);
}

static void
s_no_longer_silent (doorkeeper_t *self, visit_t *visit)
{
    if (!visit->is_silent)
        return;
    visit->is_silent = false;
    g_queue_unlink (&self->silent, &visit->place);
    s_count_waiting (self);
}

static void
s_no_longer_watched (doorkeeper_t *self, visit_t *visit)
{
    self->watched -= visit->is_watched;
    visit->is_watched = false;
    s_count_waiting (self);
}

//  End a visit; libzmq closes it soon.
static void
s_end (doorkeeper_t *self, visit_t *visit)
{
    s_no_longer_silent (self, visit);
    s_no_longer_watched (self, visit);
    visit->is_ended = true;
    self->ending++;
    visitor_end (visit->visitor);
}

//  From time to time, end the visits of peers that vanished silently.
static void
s_end_dead (doorkeeper_t *self)
{
    GHashTableIter iterator;
    gpointer value;
    int64_t now_ms = clock_ms ();
    if (now_ms < self->looked_ms + LOOK_MS)
        return;
    self->looked_ms = now_ms;
    g_hash_table_iter_init (&iterator, self->visits);
    while (g_hash_table_iter_next (&iterator, NULL, &value)) {
        visit_t *visit = value;
        visit->base_bytes += HEARTBEAT_BYTES;
        if (!visit->is_ended && visitor_is_dead (visit->visitor))
            s_end (self, visit);
    }
}

static void
s_log_ended (doorkeeper_t *self, const char *what, const char *reason)
{
    uint64_t ended = atomic_fetch_add (&self->ended, 1) + 1;
    if (log_is_due (&self->logged_ms, LOG_MS))
        log_event (LOG_WARN, what, "reason=%s ended=%llu", reason, (unsigned long long) ended);
}

//  Return how many bytes a visit has sent without completing a message, as far as it is watched.
static uint64_t
s_incomplete (doorkeeper_t *self, visit_t *visit)
{
    uint64_t bytes = visitor_bytes_read (visit->visitor);
    uint64_t beyond = bytes > visit->base_bytes ? bytes - visit->base_bytes : 0;
    if (visit->is_watched || visit->is_ended || beyond <= WATCHED_BYTES)
        return visit->is_watched ? beyond : 0;
    visit->is_watched = true;
    visit->base_bytes = bytes;
    self->watched++;
    s_count_waiting (self);
    return 0;
}

//  Return true if the owner has received all complete messages. Ask after counting the bytes:
//  messages that were complete then have been received, or libzmq has news.
static bool
s_is_drained (const doorkeeper_t *self)
{
    struct pollfd polled = {.fd = self->fd, .events = POLLIN};
    return atomic_load (&self->is_empty) && poll (&polled, 1, 0) == 0;
}

//  End the visit that has sent most of a message that it does not complete, if that is too much or
//  all together is. Return true if one was ended.
static bool
s_end_incomplete (doorkeeper_t *self)
{
    GHashTableIter iterator;
    gpointer value;
    visit_t *largest = NULL;
    uint64_t most = 0;
    uint64_t all = 0;
    g_hash_table_iter_init (&iterator, self->visits);
    while (g_hash_table_iter_next (&iterator, NULL, &value)) {
        uint64_t bytes = s_incomplete (self, value);
        all += bytes;
        if (bytes > most) {
            most = bytes;
            largest = value;
        }
    }
    bool is_too_much = most > self->incomplete_max || all > INCOMPLETE_BYTES_OF_ALL;
    if (!largest || !is_too_much || !s_is_drained (self))
        return false;
    s_end (self, largest);
    s_log_ended (self, "a connection was ended whose message does not end",
        "a message is too long, or all that are not complete are");
    return true;
}

static void
s_end_longest_silent (doorkeeper_t *self, const char *reason)
{
    visit_t *visit = g_queue_peek_head (&self->silent);
    if (!visit)
        return;
    s_end (self, visit);
    s_log_ended (self, "a silent connection was ended to make room", reason);
}

//  Return true if the address of a new connection has not opened too many in the last second. A
//  handshake with keys takes the processor some tenths of a millisecond, even if it is refused.
static bool
s_is_in_time (doorkeeper_t *self, int fd)
{
    client_address_t address;
    return !client_address_of_socket (&address, fd) || client_address_is_loopback (&address) ||
           rates_take (self->rates, client_address_hash (&address, 0), clock_us ());
}

static void
s_leave (doorkeeper_t *self, int fd)
{
    visit_t *visit = g_hash_table_lookup (self->visits, GINT_TO_POINTER (fd));
    g_hash_table_remove (self->early, GINT_TO_POINTER (fd));
    if (!visit)
        return;
    s_no_longer_silent (self, visit);
    s_no_longer_watched (self, visit);
    self->ending -= visit->is_ended;
    g_hash_table_remove (self->visits, GINT_TO_POINTER (fd));
}

static void
s_enter (doorkeeper_t *self, int fd)
{
    (void) visitor_refuse_resets (fd);  //  s_open reports a failure
    visitor_t visitor = visitor_of (fd);
    const early_t *early = g_hash_table_lookup (self->early, GINT_TO_POINTER (fd));
    bool has_spoken = early && early->cookie == visitor.cookie;
    char *user = has_spoken ? g_strdup (early->user) : NULL;
    s_leave (self, fd);
    visit_t *visit = g_new0 (visit_t, 1);
    visit->visitor = visitor;
    visit->place.data = visit;
    visit->is_silent = !has_spoken;
    visit->user = user;
    g_hash_table_insert (self->visits, GINT_TO_POINTER (fd), visit);
    if (visit->is_silent)
        g_queue_push_tail_link (&self->silent, &visit->place);
    s_count_waiting (self);
    if (!s_is_in_time (self, fd)) {
        s_end (self, visit);
        s_log_ended (self, "a new connection was ended",
            "its address opens more than " G_STRINGIFY (NEW_PER_SECOND) " a second");
    }
    else if (g_hash_table_size (self->visits) - self->ending > self->visitors_max)
        s_end_longest_silent (self, "the port has as many connections as it may have");
}

//  The port is open.
static void
s_open (int fd)
{
    if (visitor_refuse_resets (fd))
        return;
    const char *reason = g_strerror (errno);
    log_event (LOG_WARN, "strangers on a ZeroMQ port can end this process",
        "port=%u reason=%s advice=%s", (unsigned) visitor_port (visitor_of (fd)), reason,
        "this kernel lets only programs with CAP_NET_ADMIN filter a socket: let only trusted hosts "
        "reach the port, or grant that capability");
}

//  Handle one event. Return false after the last one.
static bool
s_take (doorkeeper_t *self, uint16_t event, uint32_t value)
{
    pthread_mutex_lock (&self->lock);
    if (event == ZMQ_EVENT_LISTENING)
        s_open ((int) value);
    else if (event == ZMQ_EVENT_ACCEPTED)
        s_enter (self, (int) value);
    else if (event == ZMQ_EVENT_DISCONNECTED)
        s_leave (self, (int) value);
    else if (event == ZMQ_EVENT_ACCEPT_FAILED && self->ending == 0)
        s_end_longest_silent (self, g_strerror ((int) value));
    else if (event & MISMATCHES)
        atomic_fetch_add (&self->mismatched, 1);
    pthread_mutex_unlock (&self->lock);
    return event != ZMQ_EVENT_MONITOR_STOPPED;
}

//  An event has two parts: its kind with a number, and the endpoint.
static void *
s_watch (void *context)
{
    doorkeeper_t *self = context;
    zmq_msg_t part;
    bool goes_on = true;
    int look_ms = WATCH_MS;
    int64_t watched_ms = 0;
    zmq_msg_init (&part);
    zmq_setsockopt (self->monitor, ZMQ_RCVTIMEO, &look_ms, sizeof look_ms);
    while (goes_on) {
        pthread_mutex_lock (&self->lock);
        s_end_dead (self);
        if (clock_ms () >= watched_ms + WATCH_MS) {
            watched_ms = clock_ms ();
            while (s_end_incomplete (self))
                ;
        }
        pthread_mutex_unlock (&self->lock);
        if (zmq_msg_recv (&part, self->monitor, 0) < 0) {
            goes_on = errno == EINTR || errno == EAGAIN;
            continue;
        }
        uint16_t event = 0;
        uint32_t value = 0;
        if (zmq_msg_more (&part) && zmq_msg_size (&part) == sizeof event + sizeof value) {
            memcpy (&event, zmq_msg_data (&part), sizeof event);
            memcpy (&value, (const char *) zmq_msg_data (&part) + sizeof event, sizeof value);
            goes_on = s_take (self, event, value);
        }
    }
    zmq_msg_close (&part);
    zmq_close (self->monitor);
    return NULL;
}

//  Make libzmq send the socket's events to a socket of ours. Return false on failure. Each
//  doorkeeper has an endpoint of its own, because libzmq frees it only some time after its socket
//  is closed.
static bool
s_connect (doorkeeper_t *self, void *context)
{
    static atomic_uint count;
    char endpoint[48];
    g_snprintf (endpoint, sizeof endpoint, "inproc://doorkeeper-%u", atomic_fetch_add (&count, 1));
    self->monitor = zmq_socket (context, ZMQ_PAIR);
    return self->monitor && zmq_socket_monitor (self->socket, endpoint, EVENTS) == 0 &&
           zmq_connect (self->monitor, endpoint) == 0;
}

static void
s_read_options (doorkeeper_t *self)
{
    int64_t part_max = 0;
    size_t size = sizeof part_max;
    zmq_getsockopt (self->socket, ZMQ_MAXMSGSIZE, &part_max, &size);
    self->incomplete_max = (uint64_t) MAX (part_max, 0) + INCOMPLETE_BYTES;
    size = sizeof self->fd;
    zmq_getsockopt (self->socket, ZMQ_FD, &self->fd, &size);
}

static void
s_free (doorkeeper_t **self_p)
{
    doorkeeper_t *self = *self_p;
    g_hash_table_destroy (self->visits);
    g_hash_table_destroy (self->early);
    rates_destroy (&self->rates);
    pthread_mutex_destroy (&self->lock);
    g_free (self);
    *self_p = NULL;
}

doorkeeper_t *
doorkeeper_new (void *context, void *socket, unsigned visitors_max)
{
    doorkeeper_t *self = g_new0 (doorkeeper_t, 1);
    self->socket = socket;
    self->visitors_max = visitors_max;
    s_read_options (self);
    if (!s_connect (self, context)) {
        int error = errno;
        if (self->monitor)
            zmq_close (self->monitor);
        g_free (self);
        errno = error;
        return NULL;
    }
    self->rates = rates_new (NEW_PER_SECOND);
    pthread_mutex_init (&self->lock, NULL);
    g_queue_init (&self->silent);
    self->visits = g_hash_table_new_full (NULL, NULL, NULL, s_free_visit);
    self->early = g_hash_table_new_full (NULL, NULL, NULL, s_free_early);
    if (!thread_start (&self->thread, "doorkeeper", s_watch, self)) {
        int error = errno;
        zmq_socket_monitor (self->socket, NULL, 0);
        zmq_close (self->monitor);
        s_free (&self);
        errno = error;
    }
    return self;
}

void
doorkeeper_destroy (doorkeeper_t **self_p)
{
    doorkeeper_t *self = *self_p;
    if (!self)
        return;
    zmq_socket_monitor (self->socket, NULL, 0);
    pthread_join (self->thread, NULL);
    s_free (self_p);
}

bool
doorkeeper_is_waiting (const doorkeeper_t *self)
{
    return atomic_load_explicit (&self->waiting_count, memory_order_relaxed) > 0;
}

void
doorkeeper_heard (doorkeeper_t *self, int fd, const char *user)
{
    pthread_mutex_lock (&self->lock);
    visit_t *visit = g_hash_table_lookup (self->visits, GINT_TO_POINTER (fd));
    if (visit) {
        s_no_longer_silent (self, visit);
        if (!visit->user)
            visit->user = g_strdup (user);
        if (visit->is_watched)
            visit->base_bytes = visitor_bytes_read (visit->visitor);
        s_no_longer_watched (self, visit);
    }
    else if (fd >= 0) {
        early_t *early = g_new0 (early_t, 1);
        *early = (early_t){visitor_of (fd).cookie, g_strdup (user)};
        g_hash_table_insert (self->early, GINT_TO_POINTER (fd), early);
    }
    pthread_mutex_unlock (&self->lock);
}

void
doorkeeper_note_empty (doorkeeper_t *self, bool is_empty)
{
    atomic_store_explicit (&self->is_empty, is_empty, memory_order_release);
}

uint64_t
doorkeeper_ended (const doorkeeper_t *self)
{
    return atomic_load (&self->ended);
}

uint64_t
doorkeeper_mismatched (const doorkeeper_t *self)
{
    return atomic_load (&self->mismatched);
}

void
doorkeeper_end_unwelcome (doorkeeper_t *self, doorkeeper_welcome_fn *is_welcome, void *context)
{
    GHashTableIter iterator;
    gpointer value;
    pthread_mutex_lock (&self->lock);
    g_hash_table_iter_init (&iterator, self->visits);
    while (g_hash_table_iter_next (&iterator, NULL, &value)) {
        visit_t *visit = value;
        if (!visit->is_ended && (!visit->user || !is_welcome (context, visit->user)))
            s_end (self, visit);
    }
    pthread_mutex_unlock (&self->lock);
}
