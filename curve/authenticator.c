//  SPDX-License-Identifier: Apache-2.0
#include "curve/authenticator.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

#include "common/network/socket.h"
#include "common/process/clock.h"
#include "common/process/failpoint.h"
#include "common/process/log.h"
#include "common/process/thread.h"
#include "common/process/watchdog.h"

#define ENDPOINT "inproc://zeromq.zap.01"
#define LOOK_MS 1000
#define LOG_MS 5000
#define REQUESTS_PER_TURN 64

//  The parts of a request.
enum { VERSION, REQUEST, DOMAIN_NAME, ADDRESS, IDENTITY, MECHANISM, KEY, PARTS };
#define PART_MAX_BYTES 256  //  longer ones are cut, and fit nothing

typedef struct {
    size_t count;  //  of parts that came
    size_t sizes[PARTS];
    char parts[PARTS][PART_MAX_BYTES];
} request_t;

struct authenticator {
    peer_keeper_t *keeper;
    peer_view_t view;
    void *requests;  //  a REP; NULL: not serving
    int wake_fd;
    atomic_bool is_over;
    atomic_bool is_asked;
    _Atomic uint64_t unknown;
    _Atomic uint64_t unlisted;
    int64_t logged_ms;
    pthread_mutex_t mutex;  //  guards expected_key
    uint8_t expected_key[SOCKET_KEY_SIZE];
    atomic_uint expected;
    pthread_t thread;
    bool has_thread;
};

static bool
s_receive (void *socket, request_t *request)
{
    int more = 1;
    size_t size = sizeof more;
    for (request->count = 0; more; request->count++) {
        char part[PART_MAX_BYTES];
        int length = zmq_recv (socket, part, sizeof part, ZMQ_DONTWAIT);
        if (length < 0)
            return false;
        if (request->count < PARTS) {
            request->sizes[request->count] = (size_t) length;
            memcpy (request->parts[request->count], part, MIN ((size_t) length, sizeof part));
        }
        zmq_getsockopt (socket, ZMQ_RCVMORE, &more, &size);
    }
    return true;
}

static text_t
s_part (const request_t *request, int part)
{
    return text_of (request->parts[part], MIN (request->sizes[part], PART_MAX_BYTES));
}

//  Return the right that a domain needs; 0 for a domain that is not ours.
static unsigned
s_right (text_t domain)
{
    if (text_equal (domain, text_from (SOCKET_DOMAIN_PUSH)))
        return PEER_PUSH;
    return text_equal (domain, text_from (SOCKET_DOMAIN_ASK)) ? PEER_ASK : 0;
}

//  Log a refusal, with the public key, so that an operator can put it into the list.
static void
s_log (authenticator_t *self, const request_t *request, const peer_line_t *peer)
{
    char key[SOCKET_KEY_TEXT_SIZE];
    if (!log_is_due (&self->logged_ms, LOG_MS))
        return;
    text_t address = s_part (request, ADDRESS);
    text_t right = s_part (request, DOMAIN_NAME);
    refusals_t refusals = authenticator_refusals (self);
    unsigned long long refused = refusals.unknown + refusals.unlisted;
    socket_key_print ((const uint8_t *) request->parts[KEY], key);
    log_event (LOG_WARN, "a connection was refused",
        "address=%.*s key=%s name=%s needs=%.*s reason=%s refused_so_far=%llu advice=%s",
        (int) address.size, address.data, key, peer ? peer->name : "", (int) right.size, right.data,
        peer ? "the key lacks this right" : "the key is not in the list", refused,
        "if it is one of yours, give its line in the file peers of --curve-dir this right");
}

//  Return true for a refusal that curve_check has provoked.
static bool
s_is_expected (authenticator_t *self, const request_t *request)
{
    pthread_mutex_lock (&self->mutex);
    bool is_it = memcmp (self->expected_key, request->parts[KEY], SOCKET_KEY_SIZE) == 0;
    pthread_mutex_unlock (&self->mutex);
    return is_it;
}

//  Return the peer that a request admits; NULL: none.
static const peer_line_t *
s_judge (authenticator_t *self, const request_t *request)
{
    bool is_curve = request->count == PARTS &&
                    text_equal (s_part (request, VERSION), text_from ("1.0")) &&
                    text_equal (s_part (request, MECHANISM), text_from ("CURVE")) &&
                    request->sizes[KEY] == SOCKET_KEY_SIZE;
    if (!is_curve) {
        atomic_fetch_add (&self->unknown, 1);
        return NULL;
    }
    (void) peer_view_refresh (&self->view);
    const peer_line_t *peer =
        peer_list_find_key (self->view.list, (const uint8_t *) request->parts[KEY]);
    if (peer && (peer->rights & s_right (s_part (request, DOMAIN_NAME))))
        return peer;
    if (!peer && s_is_expected (self, request)) {
        atomic_fetch_add (&self->expected, 1);
        return NULL;
    }
    atomic_fetch_add (peer ? &self->unlisted : &self->unknown, 1);
    s_log (self, request, peer);
    return NULL;
}

static void
s_send (void *socket, text_t part, int flags)
{
    (void) !zmq_send (socket, part.data, part.size, ZMQ_DONTWAIT | flags);
}

//  Answer a request. A client that is refused for good (400) learns this at once, and its socket
//  does not try again; a gateway then makes a new link (peer_links). After a refusal for now (300)
//  libzmq sends nothing, and keeps the connection until the handshake times out.
static void
s_answer (authenticator_t *self, const request_t *request)
{
    FAILPOINT ("authenticator");
    const peer_line_t *peer = s_judge (self, request);
    text_t id = request->count > REQUEST ? s_part (request, REQUEST) : text_from ("");
    s_send (self->requests, text_from ("1.0"), ZMQ_SNDMORE);
    s_send (self->requests, id, ZMQ_SNDMORE);
    s_send (self->requests, text_from (peer ? "200" : "400"), ZMQ_SNDMORE);
    s_send (self->requests, text_from (peer ? "OK" : "not in the list of keys"), ZMQ_SNDMORE);
    s_send (self->requests, text_from (peer ? peer->name : ""), ZMQ_SNDMORE);
    s_send (self->requests, text_from (""), 0);
}

static void
s_wait (const authenticator_t *self, int64_t timeout_ms)
{
    zmq_pollitem_t items[] = {
        {.fd = self->wake_fd, .events = ZMQ_POLLIN}, {self->requests, 0, ZMQ_POLLIN, 0}};
    (void) !zmq_poll (items, self->requests ? 2 : 1, (long) timeout_ms);
    uint64_t count;
    (void) !read (self->wake_fd, &count, sizeof count);
}

static void *
s_run (void *context)
{
    authenticator_t *self = context;
    request_t request;
    int64_t look_at_ms = clock_ms () + LOOK_MS;
    while (!atomic_load (&self->is_over)) {
        watchdog_feed ("authenticator");
        s_wait (self, MAX (0, look_at_ms - clock_ms ()));
        for (int count = 0;
             self->requests && count < REQUESTS_PER_TURN && s_receive (self->requests, &request);
             count++)
            s_answer (self, &request);
        bool is_asked = atomic_exchange (&self->is_asked, false);
        if (is_asked || clock_ms () >= look_at_ms) {
            peer_keeper_look (self->keeper, is_asked);
            look_at_ms = clock_ms () + LOOK_MS;
        }
    }
    watchdog_rest ();
    return NULL;
}

static bool
s_bind (authenticator_t *self)
{
    const int linger = 0;
    self->requests = zmq_socket (socket_context (), ZMQ_REP);
    return self->requests &&
           zmq_setsockopt (self->requests, ZMQ_LINGER, &linger, sizeof linger) == 0 &&
           zmq_bind (self->requests, ENDPOINT) == 0;
}

authenticator_t *
authenticator_new (peer_keeper_t *keeper, bool is_serving)
{
    authenticator_t *self = g_new0 (authenticator_t, 1);
    self->keeper = keeper;
    pthread_mutex_init (&self->mutex, NULL);
    peer_view_init (&self->view, keeper);
    self->wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->wake_fd < 0 || (is_serving && !s_bind (self))) {
        int error = errno;
        authenticator_destroy (&self);
        errno = error;
        return NULL;
    }
    self->has_thread = thread_start (&self->thread, "authenticator", s_run, self);
    if (!self->has_thread) {
        int error = errno;
        authenticator_destroy (&self);
        errno = error;
    }
    return self;
}

static void
s_wake (authenticator_t *self)
{
    const uint64_t one = 1;
    (void) !write (self->wake_fd, &one, sizeof one);
}

void
authenticator_destroy (authenticator_t **self_p)
{
    authenticator_t *self = *self_p;
    if (!self)
        return;
    atomic_store (&self->is_over, true);
    if (self->has_thread) {
        s_wake (self);
        pthread_join (self->thread, NULL);
    }
    if (self->requests)
        zmq_close (self->requests);
    if (self->wake_fd >= 0)
        close (self->wake_fd);
    peer_view_clear (&self->view);
    pthread_mutex_destroy (&self->mutex);
    g_free (self);
    *self_p = NULL;
}

void
authenticator_ask (authenticator_t *self)
{
    atomic_store (&self->is_asked, true);
    s_wake (self);
}

void
authenticator_expect (authenticator_t *self, const uint8_t key[SOCKET_KEY_SIZE])
{
    pthread_mutex_lock (&self->mutex);
    memcpy (self->expected_key, key, SOCKET_KEY_SIZE);
    pthread_mutex_unlock (&self->mutex);
}

unsigned
authenticator_expected (const authenticator_t *self)
{
    return atomic_load (&self->expected);
}

refusals_t
authenticator_refusals (const authenticator_t *self)
{
    return (refusals_t){atomic_load (&self->unknown), atomic_load (&self->unlisted)};
}
