//  A connected socket and a peer that speaks ZMTP byte by byte.
//  SPDX-License-Identifier: Apache-2.0
#include "common/network/link_watch.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <glib.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/network/socket.h"
#include "common/process/clock.h"

#define PATIENCE_MS 60000
#define LOOKS_MS 300  //  some looks at a link
#define GREETING_BYTES 64
#define READY "\4\31\5READY\13Socket-Type\0\0\0\3PUB"

static int s_listener;
static socket_t *s_socket;
static int s_peer;

//  Send all bytes. Return false when the connection has ended.
static bool
s_send (const void *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send (s_peer, bytes, size, MSG_NOSIGNAL);
        if (sent < 0)
            return false;
        bytes = (const char *) bytes + sent;
        size -= (size_t) sent;
    }
    return true;
}

static void
s_set_up (void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    char endpoint[64];
    char answer[GREETING_BYTES + sizeof READY - 1];
    unsigned char greeting[GREETING_BYTES] = {0xff, [9] = 0x7f, 3, 0, 'N', 'U', 'L', 'L'};
    cr_assert (socket_setup ());
    s_listener = socket (AF_INET, SOCK_STREAM, 0);
    cr_assert_eq (bind (s_listener, (const struct sockaddr *) &address, size), 0);
    cr_assert_eq (listen (s_listener, 8), 0);
    cr_assert_eq (getsockname (s_listener, (struct sockaddr *) &address, &size), 0);
    g_snprintf (endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", ntohs (address.sin_port));
    s_socket = socket_connect (SOCKET_SUB, endpoint);
    socket_subscribe (s_socket, "");
    s_peer = accept (s_listener, NULL, NULL);
    cr_assert_geq (s_peer, 0);
    cr_assert (s_send (greeting, sizeof greeting) && s_send (READY, sizeof READY - 1));
    //  A message that came before the socket has sent its own READY would break the handshake.
    cr_assert_eq (recv (s_peer, answer, sizeof answer, MSG_WAITALL), (ssize_t) sizeof answer);
}

static void
s_tear_down (void)
{
    close (s_peer);
    close (s_listener);
    socket_destroy (&s_socket);
}

TestSuite (link_watch, .init = s_set_up, .fini = s_tear_down);

//  Receive at most this many parts within so many milliseconds. Return their number.
static int
s_receive (int wanted, int64_t ms)
{
    text_t bytes;
    bool more = false;
    int received = 0;
    for (int64_t until_ms = clock_ms () + ms; received < wanted && clock_ms () < until_ms;) {
        socket_item_t item = {.socket = s_socket};
        socket_poll (&item, 1, 10);
        while (received < wanted && socket_receive (s_socket, &bytes, &more))
            received++;
    }
    return received;
}

static void *
s_flood (void *is_over)
{
    static char messages[65536];  //  empty ones
    while (s_send (messages, sizeof messages))
        ;
    g_atomic_int_set ((int *) is_over, 1);
    return NULL;
}

Test (link_watch, ends_a_peer_whose_messages_come_faster_than_they_are_received)
{
    pthread_t thread;
    int is_over = 0;
    pthread_create (&thread, NULL, s_flood, &is_over);
    for (int64_t until_ms = clock_ms () + PATIENCE_MS; !g_atomic_int_get (&is_over);
         g_usleep (1000)) {
        cr_assert_lt (clock_ms (), until_ms);
        s_receive (1, 10);
    }
    pthread_join (thread, NULL);
}

Test (link_watch, keeps_a_peer_whose_large_messages_come_slowly)
{
    static char message[9 + 500000] = {2, 0, 0, 0, 0, 0, (char) 0x07, (char) 0xa1, 0x20};
    const size_t half = sizeof message / 2;
    for (int count = 0; count < 4; count++) {
        cr_assert (s_send (message, half));
        cr_assert_eq (s_receive (1, LOOKS_MS), 0);
        cr_assert (s_send (message + half, sizeof message - half));
        cr_assert_eq (s_receive (1, PATIENCE_MS), 1);
    }
}

//  An owner that was away for a while finds many messages.
Test (link_watch, keeps_a_peer_whose_messages_waited)
{
    static char message[9 + 300] = {2, 0, 0, 0, 0, 0, 0, 1, 44};
    const int count = 20000;
    for (int index = 0; index < count; index++)
        cr_assert (s_send (message, sizeof message));
    g_usleep (LOOKS_MS * 1000);
    cr_assert_eq (s_receive (count, PATIENCE_MS), count);
    cr_assert (s_send (message, sizeof message));
    cr_assert_eq (s_receive (1, PATIENCE_MS), 1);
}

Test (link_watch, connects_again_after_a_mistake_of_the_peer)
{
    static const char mistake[9] = {2, 127};
    cr_assert (s_send (mistake, sizeof mistake));
    cr_assert_eq (fcntl (s_listener, F_SETFL, O_NONBLOCK), 0);
    int again = -1;
    for (int64_t until_ms = clock_ms () + PATIENCE_MS; again < 0 && clock_ms () < until_ms;) {
        s_receive (1, 10);
        again = accept (s_listener, NULL, NULL);
    }
    cr_assert_geq (again, 0);
    close (again);
}
