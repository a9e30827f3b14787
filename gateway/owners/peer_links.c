//  SPDX-License-Identifier: Apache-2.0
#include "gateway/owners/peer_links.h"

#include <errno.h>
#include <glib.h>

#include "common/process/log.h"

#define AGAIN_MS 1000
#define UNHEARD_MS 5000  //  a connection and its handshake may take so long
#define LOG_MS 5000

void
peer_links_init (peer_links_t *self, peer_keeper_t *keys, const char *ack_topic)
{
    socket_keys_t nobody;
    *self = (peer_links_t){.ack_topic = ack_topic};
    peer_view_init (&self->keys, keys);
    if (keys && socket_keys_make (&nobody))
        memcpy (self->nobody, nobody.public_key, SOCKET_KEY_SIZE);
}

void
peer_links_clear (peer_links_t *self)
{
    peer_view_clear (&self->keys);
}

void
peer_links_free (void *data)
{
    peer_t *peer = data;
    socket_destroy (&peer->frames);
    socket_destroy (&peer->queries);
    socket_destroy (&peer->lists);
    socket_destroy (&peer->events);
    g_free (peer);
}

//  Replace a link. Return false, and keep the earlier socket, if no new socket can be made: the
//  process may have its maximum already.
static bool
s_connect (socket_t **link, const peer_t *peer, socket_kind_t kind, address_port_t port)
{
    char endpoint[ADDRESS_ENDPOINT_SIZE];
    address_endpoint (&peer->address, port, endpoint);
    socket_t *made = socket_connect_to (kind, endpoint, peer->server);
    if (!made)
        return false;
    socket_destroy (link);
    *link = made;
    return true;
}

//  Connect all links of a peer. Return false if one cannot be made; then the log says so.
static bool
s_connect_all (const peer_links_t *self, peer_t *peer, int64_t now_ms)
{
    bool are_made = s_connect (&peer->frames, peer, SOCKET_PUSH, PORT_FRAMES) &&
                    s_connect (&peer->queries, peer, SOCKET_DEALER, PORT_QUERIES) &&
                    s_connect (&peer->lists, peer, SOCKET_DEALER, PORT_QUERIES) &&
                    s_connect (&peer->events, peer, SOCKET_SUB, PORT_EVENTS);
    int error = errno;
    peer->links++;
    peer->linked_ms = now_ms;
    peer->link_changes = 0;
    peer->is_link_broken = false;
    if (are_made) {
        socket_subscribe (peer->events, ANNOUNCEMENT_OWNER_TOPIC);
        socket_subscribe (peer->events, self->ack_topic);
    }
    else
        log_event (LOG_ERROR, "cannot connect to a processor", "address=%s port=%u reason=%s",
            peer->address.host, (unsigned) peer->address.port, g_strerror (error));
    return are_made;
}

//  Expect the key at the peer's place among those that may announce.
static void
s_choose_key (peer_links_t *self, peer_t *peer)
{
    if (!self->keys.keeper)
        return;
    const peer_line_t *line = peer_list_at (self->keys.list, PEER_ANNOUNCE, peer->key_place);
    memcpy (peer->server, line ? line->key : self->nobody, SOCKET_KEY_SIZE);
}

//  Return true if the expected key may announce, and note whether it may acknowledge.
static bool
s_is_key_good (peer_links_t *self, peer_t *peer)
{
    if (!self->keys.keeper)
        return peer->may_acknowledge = true;
    (void) peer_view_refresh (&self->keys);
    const peer_line_t *line = peer_list_find_key (self->keys.list, peer->server);
    peer->may_acknowledge = line && (line->rights & PEER_ACKNOWLEDGE);
    return line && (line->rights & PEER_ANNOUNCE);
}

peer_t *
peer_links_add (peer_links_t *self, const address_t *address, int64_t now_ms)
{
    peer_t *peer = g_new0 (peer_t, 1);
    peer->address = *address;
    s_choose_key (self, peer);
    (void) s_is_key_good (self, peer);
    if (s_connect_all (self, peer, now_ms))
        return peer;
    peer_links_free (peer);
    return NULL;
}

static void
s_log_refused (peer_links_t *self, const peer_t *peer)
{
    if (log_is_due (&self->logged_ms, LOG_MS))
        log_event (LOG_WARN, "the handshake with a processor fails",
            "address=%s port=%u reason=%s advice=%s", peer->address.host,
            (unsigned) peer->address.port,
            self->keys.keeper ? "it does not admit this gateway's key, or has "
                                "another key than those that may announce, or none"
                              : "the processor has keys, this gateway has none",
            self->keys.keeper
                ? "compare the files peers in --curve-dir of both; the processor's log "
                  "names a key that it refuses"
                : "start this gateway with --curve-dir");
}

void
peer_links_heard (peer_t *peer)
{
    if (!peer->is_doubtful)
        return;
    peer->is_doubtful = !s_connect (&peer->queries, peer, SOCKET_DEALER, PORT_QUERIES) ||
                        !s_connect (&peer->lists, peer, SOCKET_DEALER, PORT_QUERIES);
    peer->links++;
}

//  Return true if nothing was heard over the links for a while. A peer that was heard over them and
//  is silent now may be paused: then its links stand, and so do the frames on them.
static bool
s_are_unheard (const peer_links_t *self, const peer_t *peer, int64_t now_ms)
{
    return now_ms >= peer->linked_ms + UNHEARD_MS &&
           (self->keys.keeper || peer->heard_ms < peer->linked_ms);
}

bool
peer_links_look (peer_links_t *self, peer_t *peer, int64_t now_ms)
{
    bool is_key_good = s_is_key_good (self, peer);
    bool is_due = now_ms >= peer->linked_ms + AGAIN_MS;
    bool was_refused = is_due && socket_was_refused (peer->frames);
    if (was_refused)
        s_log_refused (self, peer);
    if (was_refused && peer->is_known && is_key_good) {
        (void) s_connect (
            &peer->frames, peer, SOCKET_PUSH, PORT_FRAMES);  //  only frames are refused
        peer->linked_ms = now_ms;
        peer->link_changes = 0;
        return false;
    }
    bool is_unheard = !peer->is_known && (was_refused || s_are_unheard (self, peer, now_ms));
    bool is_hopeless =
        self->keys.keeper && memcmp (peer->server, self->nobody, SOCKET_KEY_SIZE) == 0;
    if (!is_unheard && (is_key_good || (is_hopeless && !is_due)))
        return false;
    peer->key_place += is_key_good;
    peer->is_doubtful = true;
    s_choose_key (self, peer);
    (void) s_connect_all (self, peer, now_ms);  //  links that fail are made again later
    (void) s_is_key_good (self, peer);
    return true;
}
