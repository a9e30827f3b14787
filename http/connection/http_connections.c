//  SPDX-License-Identifier: Apache-2.0
#include "http/connection/http_connections.h"

#include <sys/socket.h>

#include "common/memory/queue.h"
#include "common/process/log.h"
#include "http/connection/http_watch.h"

#define HANDSHAKE_MS 3000
#define FRESH_MS 15000
#define SENDING_MS 60000
#define STREAM_MS 45000
#define PARTED_MS 1000
#define BODY_STEP_BYTES 65536
#define STOP_QUIET_MS 1000       //  at a stop: how long an incomplete request may pause
#define STOP_UNFINISHED_MS 2000  //  at a stop: how long a request may stay incomplete
#define STOP_UNTAKEN_MS 2000     //  at a stop: how long a client may take nothing of its answer
#define LOOKS_MAX 1024           //  at connections of one phase, in one call
#define GREET_MAX 64             //  new connections to look at, in one run
#define GREET_MS 1000            //  after that, a connection is not new any more
#define HELLO_INTERVAL_MS 1000   //  between two lines in the log
#define SPARE_MAX 32             //  connections to keep free, as long as others are idle
#define SHED_TRIES 32            //  connections to look at, in one call
#define SPARED_MS 100            //  for the rest of a head, if its first bytes came just in time

void
http_connections_init (http_connections_t *self, size_t limit, const http_times_t *times,
    http_part_fn *part, void *context)
{
    *self = (http_connections_t){.limit = limit,
        .limits_ms = {[CONNECTION_HANDSHAKE] = HANDSHAKE_MS,
            [CONNECTION_FRESH] = FRESH_MS,
            [CONNECTION_IDLE] = (int64_t) times->idle_ms,
            [CONNECTION_HEAD] = (int64_t) times->head_ms,
            [CONNECTION_BODY] = (int64_t) times->body_ms,
            [CONNECTION_HELD] = INT64_MAX,
            [CONNECTION_SENDING] = times->take_ms ? (int64_t) times->take_ms : SENDING_MS,
            [CONNECTION_STREAM] = STREAM_MS,
            [CONNECTION_PARTED] = PARTED_MS},
        .part = part,
        .context = context};
}

//  Return the connection that has been waited for longest, for a handshake or the head of a request;
//  NULL if there is none.
static http_connection_t *
s_find_longest_waiting (const http_connections_t *self)
{
    http_connection_t *found = NULL;
    for (int phase = CONNECTION_HANDSHAKE; phase <= CONNECTION_HEAD; phase++) {
        const GList *first = self->phases[phase].head;
        http_connection_t *connection = first ? first->data : NULL;
        if (connection && (!found || connection->entered_ms < found->entered_ms))
            found = connection;
    }
    return found;
}

//  Shut a connection down. libmicrohttpd, which owns the descriptor, then notices the end and
//  closes it.
static void
s_hang_up (http_connections_t *self, http_connection_t *connection)
{
    shutdown (connection->wire.fd, SHUT_RDWR);
    http_connections_enter (self, connection, CONNECTION_PARTED);
}

static void
s_part (http_connections_t *self, http_connection_t *connection, http_parting_t parting)
{
    self->timeouts += parting == PARTING_TIMEOUT;
    self->part (self->context, connection, parting);
    s_hang_up (self, connection);
}

//  Return true if a connection without a head may stay near the limit. If bytes have come meanwhile,
//  move it behind the others: its request may be there. Do so only once, as a client may send byte
//  by byte.
static bool
s_spare (http_connections_t *self, http_connection_t *connection)
{
    uint64_t bytes_read = 0;
    if (connection->is_spared)
        return self->now_ms < connection->entered_ms + SPARED_MS;
    if (connection->phase == CONNECTION_HEAD ||
        http_watch_look (&connection->wire, &bytes_read) != WATCH_UNREAD)
        return false;
    http_connections_enter (self, connection, connection->phase);
    return connection->is_spared = true;
}

//  Make room near the limit.
static void
s_shed (http_connections_t *self)
{
    size_t spare = MIN (SPARE_MAX, self->limit / 8);
    for (int try = 0; try < SHED_TRIES; try++) {
        size_t used = http_connections_open (self) - self->phases[CONNECTION_PARTED].length;
        http_connection_t *connection = s_find_longest_waiting (self);
        if (!connection || used + spare <= self->limit)
            return;
        if (s_spare (self, connection))
            continue;
        if (connection->phase == CONNECTION_HEAD)
            s_part (self, connection, PARTING_TIMEOUT);
        else
            s_hang_up (self, connection);
    }
}

http_connection_t *
http_connections_add (http_connections_t *self, int fd)
{
    s_shed (self);
    http_connection_t *connection = g_new0 (http_connection_t, 1);
    connection->wire.fd = fd;
    connection->phase = CONNECTION_FRESH;
    (void) client_address_of_socket (&connection->peer, fd);
    connection->entered_ms = self->now_ms;
    connection->link.data = connection;
    queue_append (&self->phases[CONNECTION_FRESH], &connection->link);
    return connection;
}

static void
s_refuse_hello (http_connections_t *self, http_connection_t *connection)
{
    char client[CLIENT_ADDRESS_TEXT_SIZE];
    self->hellos++;
    s_hang_up (self, connection);
    if (!log_is_due (&self->hello_logged_ms, HELLO_INTERVAL_MS))
        return;
    client_address_print (&connection->peer, client);
    log_event (LOG_INFO, "closed a connection that began with TLS, on a port without it",
        "client=%s so_far=%llu advice=%s", client, (unsigned long long) self->hellos,
        "use http:// in the client's URL, or give --tls-cert and --tls-key");
}

void
http_connections_greet (http_connections_t *self)
{
    int looks = 0;
    for (GList *link = self->phases[CONNECTION_FRESH].tail; link && looks < GREET_MAX; looks++) {
        http_connection_t *connection = link->data;
        link = link->prev;
        if (self->now_ms - connection->entered_ms > GREET_MS)
            break;
        unsigned char byte = 0;
        if (connection->is_seen ||
            recv (connection->wire.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 1)
            continue;
        connection->is_seen = true;
        if (byte == TLS_FIRST_BYTE)
            s_refuse_hello (self, connection);
    }
}

void
http_connections_remove (http_connections_t *self, http_connection_t *connection)
{
    queue_remove (&self->phases[connection->phase], &connection->link);
    g_free (connection);
}

void
http_connections_enter (
    http_connections_t *self, http_connection_t *connection, connection_phase_t phase)
{
    if (connection->phase == CONNECTION_PARTED && phase != CONNECTION_PARTED)
        return;
    queue_remove (&self->phases[connection->phase], &connection->link);
    connection->phase = phase;
    connection->entered_ms = self->now_ms;
    connection->moved_ms = self->now_ms;
    connection->body_bytes = 0;
    connection->bytes_read = 0;
    connection->is_looked_at = false;
    connection->is_ended = false;
    connection->is_spared = false;
    queue_append (&self->phases[phase], &connection->link);
}

void
http_connections_progress (http_connections_t *self, http_connection_t *connection, size_t bytes)
{
    connection->moved_ms = self->now_ms;
    connection->body_bytes += bytes;
    if (connection->body_bytes >= BODY_STEP_BYTES)
        http_connections_enter (self, connection, CONNECTION_BODY);
}

size_t
http_connections_open (const http_connections_t *self)
{
    size_t count = 0;
    for (int phase = 0; phase < CONNECTION_PHASES; phase++)
        count += self->phases[phase].length;
    return count;
}

size_t
http_connections_idle (const http_connections_t *self)
{
    return self->phases[CONNECTION_HANDSHAKE].length + self->phases[CONNECTION_FRESH].length +
           self->phases[CONNECTION_IDLE].length;
}

bool
http_connection_is_asking (const http_connection_t *self)
{
    return self->phase == CONNECTION_HEAD || self->phase == CONNECTION_BODY;
}

static void
s_look_at_one (http_connections_t *self, http_connection_t *connection)
{
    bool is_head = connection->phase == CONNECTION_HEAD;
    bool was_ended = connection->is_ended;
    watch_t watch = http_watch_look (&connection->wire, &connection->bytes_read);
    connection->is_looked_at = true;
    connection->is_ended = watch == WATCH_ENDED;
    if (!http_connection_is_asking (connection)) {
        connection->bytes_read = http_wire_count_read (&connection->wire);
        if (watch == WATCH_ENDED)
            s_hang_up (self, connection);
    }
    else if (watch == WATCH_STUCK)
        s_part (self, connection, is_head ? PARTING_HEAD_TOO_LARGE : PARTING_CHUNK_LINE);
    //  After one look, libmicrohttpd may still hold the rest of the body.
    else if (watch == WATCH_ENDED && was_ended)
        s_part (self, connection, PARTING_CUT_OFF);
}

//  Look at all connections of a phase, or in turns if they are more than LOOKS_MAX.
static void
s_look_at_all (http_connections_t *self, connection_phase_t phase)
{
    const GQueue *queue = &self->phases[phase];
    unsigned turns = queue->length / LOOKS_MAX + 1;
    unsigned place = self->looks;
    for (GList *link = queue->head; link;) {
        http_connection_t *connection = link->data;
        link = link->next;
        if (place++ % turns == 0)
            s_look_at_one (self, connection);
    }
}

void
http_connections_look (http_connections_t *self)
{
    self->looks++;
    s_look_at_all (self, CONNECTION_HEAD);
    s_look_at_all (self, CONNECTION_BODY);
    unsigned looks = 0;
    for (GList *link = self->phases[CONNECTION_IDLE].tail; link && looks < LOOKS_MAX; looks++) {
        http_connection_t *connection = link->data;
        link = link->prev;
        if (connection->is_looked_at)
            break;
        s_look_at_one (self, connection);
    }
}

void
http_connections_stop (http_connections_t *self)
{
    self->stop_ms = self->now_ms;
}

//  End the connection of an incomplete request that has no time left.
static void
s_stop_asking (http_connections_t *self, http_connection_t *connection)
{
    int64_t quiet_ms = MAX (self->stop_ms, connection->moved_ms) + STOP_QUIET_MS;
    if (self->now_ms >= MIN (quiet_ms, self->stop_ms + STOP_UNFINISHED_MS))
        s_part (self, connection, PARTING_STOPPING);
}

//  End the connection of a client that does not take its answer.
static void
s_stop_sending (http_connections_t *self, http_connection_t *connection)
{
    uint64_t taken = http_watch_count_taken (connection->wire.fd);
    if (taken != connection->taken)
        connection->moved_ms = self->now_ms;
    connection->taken = taken;
    if (self->now_ms >= MAX (self->stop_ms, connection->moved_ms) + STOP_UNTAKEN_MS)
        s_hang_up (self, connection);
}

//  Call a function for each connection of a phase; it may end the connection.
static void
s_stop_each (http_connections_t *self, connection_phase_t phase,
    void (*stop) (http_connections_t *, http_connection_t *))
{
    for (GList *link = self->phases[phase].head; link;) {
        http_connection_t *connection = link->data;
        link = link->next;
        stop (self, connection);
    }
}

int64_t
http_connections_expire (http_connections_t *self)
{
    int64_t next_ms = INT64_MAX;
    if (http_connections_open (self) >= self->limit)
        s_shed (self);
    if (self->stop_ms) {
        s_stop_each (self, CONNECTION_HEAD, s_stop_asking);
        s_stop_each (self, CONNECTION_BODY, s_stop_asking);
        s_stop_each (self, CONNECTION_SENDING, s_stop_sending);
    }
    for (int phase = 0; phase < CONNECTION_PHASES; phase++) {
        GQueue *queue = &self->phases[phase];
        while (phase != CONNECTION_HELD && queue->head) {
            http_connection_t *connection = queue->head->data;
            int64_t due_ms = connection->entered_ms + self->limits_ms[phase];
            if (due_ms > self->now_ms) {
                next_ms = MIN (next_ms, due_ms);
                break;
            }
            if (http_connection_is_asking (connection))
                s_part (self, connection, PARTING_TIMEOUT);
            else if (phase == CONNECTION_HANDSHAKE) {
                tls_wire_blame (connection->wire.tls, TLS_LATE);
                s_hang_up (self, connection);
            }
            else
                s_hang_up (self, connection);  //  tried again if libmicrohttpd overlooks it
        }
    }
    return next_ms;
}
