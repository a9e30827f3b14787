//  The links to processors, and the keys that processors must have. A broken link is made again by
//  itself, with the same key. After a handshake that failed, one side has no keys, or the wrong
//  ones, or lacks a right. An operator may mend that while this gateway runs, so these functions
//  make such links anew every second. If several keys may announce, each attempt expects the next
//  one.
//
//  Only the link of the frames tells that it was refused. A processor that changes in that moment
//  may have refused others alone: so links over which nothing is heard are made again after a while,
//  and those for queries when the peer is heard.
//
//  A worker owns its links.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PEER_LINKS_H
#define DOWNLINK_PEER_LINKS_H

#include "curve/peer_keeper.h"
#include "gateway/owners/peer.h"

typedef struct {
    peer_view_t keys;                 //  that may announce
    uint8_t nobody[SOCKET_KEY_SIZE];  //  a key that no peer has
    const char *ack_topic;            //  that links hear; borrowed
    int64_t logged_ms;
} peer_links_t;

//  Begin. keys is borrowed; NULL: links have no keys.
void peer_links_init (peer_links_t *self, peer_keeper_t *keys, const char *ack_topic);
void peer_links_clear (peer_links_t *self);

//  Make a peer with links to an address. Return NULL if that fails; the log says why.
peer_t *peer_links_add (peer_links_t *self, const address_t *address, int64_t now_ms);

//  Free a peer_t and its links.
void peer_links_free (void *data);

//  Make the links of a peer again if its handshake failed, or if its key may not announce any more.
//  Return true if they are new: messages on the old links may be lost, and the peer counts as
//  silent until it announces itself again.
bool peer_links_look (peer_links_t *self, peer_t *peer, int64_t now_ms);

//  Note that a silent peer is heard: links of it may be made again. Call it before queries go out.
void peer_links_heard (peer_t *peer);

#endif
