//  Sockets under pressure: a receiver that is slower than its senders, and senders that go away.
//  SPDX-License-Identifier: Apache-2.0
#include "common/network/socket.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/process/clock.h"
#include "common/process/descriptors.h"

#define LONGER_THAN_ANY_LIVENESS_CHECK_MS 2500
#define QUEUE 1000  //  the high-water mark of either side
#define PATIENCE_MS 60000
#define SILENCE_MS 100
#define BESIDES 19          //  visitors that a socket may have beside the link
#define HANDSHAKE_MS 15000  //  then libzmq ends a silent visitor
#define MANY 1100           //  more than ZeroMQ lets a process have unless it is told

static socket_t *s_pull;

static void
s_set_up (void)
{
    cr_assert (socket_setup ());
    for (uint16_t port = 34000; !s_pull && port < 35000; port++)
        s_pull = socket_bind (SOCKET_PULL, "127.0.0.1", port);
    cr_assert_not_null (s_pull);
}

static void
s_tear_down (void)
{
    socket_destroy (&s_pull);
}

TestSuite (socket, .init = s_set_up, .fini = s_tear_down);

static void
s_wait (gulong ms)
{
    g_usleep (ms * 1000);
}

//  Send until every queue between the two is full: QUEUE messages have left the sender, which keeps as
//  many. Return the number of messages sent.
static int
s_fill (socket_t *push)
{
    static const char bytes[8192] = "frame";
    int sent = 0;
    int64_t until_ms = clock_ms () + PATIENCE_MS;
    for (int64_t full_since_ms = clock_ms ();
         (sent < 2 * QUEUE || clock_ms () - full_since_ms < 300) && clock_ms () < until_ms;) {
        if (socket_send (push, bytes, sizeof bytes, false)) {
            sent++;
            full_since_ms = clock_ms ();
        }
        else
            s_wait (1);
    }
    return sent;
}

//  Receive this many messages. Return the number that came within PATIENCE_MS.
static int
s_drain (int wanted)
{
    text_t bytes;
    bool more = false;
    int received = 0;
    for (int64_t until_ms = clock_ms () + PATIENCE_MS;
         received < wanted && clock_ms () < until_ms;) {
        socket_item_t item = {.socket = s_pull};
        socket_poll (&item, 1, 50);
        while (received < wanted && socket_receive (s_pull, &bytes, &more)) {
            cr_assert (!more && memcmp (bytes.data, "frame", 5) == 0);
            received++;
        }
    }
    return received;
}

//  Receive until nothing comes for SILENCE_MS. Return the number of messages.
static int
s_drain_all (void)
{
    text_t bytes;
    bool more = false;
    int received = 0;
    for (int64_t until_ms = clock_ms () + SILENCE_MS; clock_ms () < until_ms;) {
        socket_item_t item = {.socket = s_pull};
        socket_poll (&item, 1, 10);
        for (; socket_receive (s_pull, &bytes, &more); received++)
            until_ms = clock_ms () + SILENCE_MS;
    }
    return received;
}

//  libzmq 4.3.4 aborts in a heartbeat of a link whose input waits behind the high-water mark and
//  whose peer has gone.
Test (socket, outlives_a_sender_that_left_while_the_queue_was_full)
{
    socket_t *push = socket_connect (SOCKET_PUSH, socket_endpoint (s_pull));
    cr_assert_geq (s_fill (push), 2 * QUEUE);
    socket_destroy (&push);
    s_wait (LONGER_THAN_ANY_LIVENESS_CHECK_MS);
    cr_expect_eq (s_drain (QUEUE), QUEUE, "what had arrived before is there");
    s_drain_all ();

    push = socket_connect (SOCKET_PUSH, socket_endpoint (s_pull));
    int sent = 0;
    for (int64_t until_ms = clock_ms () + PATIENCE_MS; !sent && clock_ms () < until_ms; s_wait (1))
        sent += socket_send (push, "frame", 5, false);
    cr_expect_eq (sent, 1);
    cr_expect_eq (s_drain (1), 1, "and who comes next is heard");
    socket_destroy (&push);
}

//  A receiver that takes its time is alive: its link stays, so each frame comes once.
Test (socket, keeps_the_link_to_a_slow_receiver)
{
    socket_t *push = socket_connect (SOCKET_PUSH, socket_endpoint (s_pull));
    int sent = s_fill (push);
    s_wait (LONGER_THAN_ANY_LIVENESS_CHECK_MS);
    cr_expect_eq (s_drain (sent), sent);
    cr_expect_eq (s_drain_all (), 0, "each came once");
    socket_destroy (&push);
}

//  Connect without a word. Returns the descriptor.
static int
s_connect_silently (const char *endpoint)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
        .sin_port = htons ((uint16_t) strtoul (strrchr (endpoint, ':') + 1, NULL, 10)),
        .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
    int fd = socket (AF_INET, SOCK_STREAM, 0);
    cr_assert_eq (connect (fd, (const struct sockaddr *) &address, sizeof address), 0);
    return fd;
}

//  Read all that is there. Return true at the end of the connection.
static bool
s_read_all (int fd)
{
    char bytes[256];
    ssize_t size = 1;
    while (size > 0)
        size = recv (fd, bytes, sizeof bytes, MSG_DONTWAIT);
    return size == 0 || errno != EAGAIN;
}

//  Return true if the other end has closed a connection, and has ended so many silent ones. On a
//  slow machine libzmq closes some by itself, which do not count.
static bool
s_was_ended (int fd, int ended, int64_t begun_ms)
{
    bool is_slow = clock_ms () >= begun_ms + HANDSHAKE_MS;
    return s_read_all (fd) && (is_slow || socket_ended (s_pull) >= (uint64_t) ended);
}

//  With 160 descriptors a socket may have 20 visitors.
Test (socket, ends_the_longest_silent_visitor_and_none_that_has_spoken)
{
    struct rlimit limit = {160, 160};
    int strangers[60];
    socket_destroy (&s_pull);
    cr_assert_eq (setrlimit (RLIMIT_NOFILE, &limit), 0);
    s_set_up ();
    socket_t *push = socket_connect (SOCKET_PUSH, socket_endpoint (s_pull));
    for (int sent = 0; !sent; s_wait (1))
        sent += socket_send (push, "frame", 5, false);
    cr_assert_eq (s_drain (1), 1);
    int64_t begun_ms = clock_ms ();
    for (int index = 0; index < 60; index++) {
        strangers[index] = s_connect_silently (socket_endpoint (s_pull));
        for (int64_t until_ms = clock_ms () + PATIENCE_MS;
             index >= BESIDES &&
             !s_was_ended (strangers[index - BESIDES], index - BESIDES + 1, begun_ms);
             s_wait (1))
            cr_assert_lt (clock_ms (), until_ms);
        cr_assert (socket_send (push, "frame", 5, false), "the link stands");
        cr_assert_eq (s_drain (1), 1);
    }
    char bytes[16];
    cr_expect_geq (recv (strangers[59], bytes, sizeof bytes, 0), 1, "the newest is greeted");
    //  Closing a connection with unread bytes sends a reset, which the other end does not get: it stays
    //  in the kernel for minutes, and a later connection may have the same two ports.
    for (int index = 0; index < 60; index++) {
        s_read_all (strangers[index]);
        close (strangers[index]);
    }
    socket_destroy (&push);
}

//  Each worker of a gateway has three for every processor.
Test (socket, a_process_may_have_many)
{
    socket_t *sockets[MANY];
    if (descriptors_raise () < MANY + 200)
        cr_skip ("there may not be as many descriptors");
    for (int index = 0; index < MANY; index++) {
        sockets[index] = socket_connect (SOCKET_PUSH, "inproc://nobody");
        cr_assert_not_null (sockets[index]);
    }
    for (int index = 0; index < MANY; index++)
        socket_destroy (&sockets[index]);
}
