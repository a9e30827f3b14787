//  SPDX-License-Identifier: Apache-2.0
#include "curve/door_check.h"

#include <errno.h>
#include <glib.h>
#include <stdatomic.h>
#include <zmq.h>

#define CHECK_MS 5000
#define REFUSALS (ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
#define OTHERS (ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL)

//  Return the kind of socket that connects to a bound one.
static int
s_opposite (socket_kind_t kind)
{
    if (kind == SOCKET_PULL)
        return ZMQ_PUSH;
    return kind == SOCKET_PUB ? ZMQ_SUB : ZMQ_DEALER;
}

//  Return the endpoint by which this machine reaches a bound endpoint, which may be "all
//  addresses".
static char *
s_reachable (const char *endpoint)
{
    const char *port = strrchr (endpoint, ':');
    if (g_str_has_prefix (endpoint, "tcp://0.0.0.0:"))
        return g_strconcat ("tcp://127.0.0.1", port, NULL);
    if (g_str_has_prefix (endpoint, "tcp://[::]:"))
        return g_strconcat ("tcp://[::1]", port, NULL);
    return g_strdup (endpoint);
}

//  An event has two parts, and begins with its number.
static const char *
s_wait (void *events)
{
    char part[256];
    uint16_t event = 0;
    int wait_ms = CHECK_MS;
    zmq_setsockopt (events, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
    if (zmq_recv (events, part, sizeof part, 0) < (int) sizeof event)
        return "nobody answers the handshake";
    memcpy (&event, part, sizeof event);
    if (event & REFUSALS)
        return NULL;
    return event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED ? "a random key gets in"
                                                  : "the socket has no keys";
}

static const char *
s_knock (void *client, void *events, const char *endpoint, const socket_keys_t *stranger)
{
    static atomic_uint count;
    char name[48];
    const int none = 0;
    //  libzmq frees a name only some time after its socket is closed.
    g_snprintf (name, sizeof name, "inproc://door-check-%u", atomic_fetch_add (&count, 1));
    socket_keys_present_as (client, stranger);
    bool is_set = zmq_setsockopt (client, ZMQ_LINGER, &none, sizeof none) == 0 &&
                  zmq_setsockopt (client, ZMQ_IPV6, &(int){endpoint[6] == '['}, sizeof (int)) == 0;
    if (!is_set || zmq_socket_monitor (client, name, REFUSALS | OTHERS) != 0 ||
        zmq_connect (events, name) != 0 || zmq_connect (client, endpoint) != 0)
        return g_strerror (zmq_errno ());
    return s_wait (events);
}

const char *
door_check (const char *endpoint, socket_kind_t kind, const socket_keys_t *stranger)
{
    const char *fault = g_strerror (EMFILE);
    char *reachable = s_reachable (endpoint);
    void *client = zmq_socket (socket_context (), s_opposite (kind));
    void *events = zmq_socket (socket_context (), ZMQ_PAIR);
    if (client && events) {
        fault = s_knock (client, events, reachable, stranger);
        zmq_socket_monitor (client, NULL, 0);
    }
    if (client)
        zmq_close (client);
    if (events)
        zmq_close (events);
    g_free (reachable);
    return fault;
}
