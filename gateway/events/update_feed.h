//  Receive the updates of all processors and write them to a log. While there are streams, the feed
//  subscribes to the rockets that they listen to. It knows when a subscription is in effect at all
//  owners, and breaks the log when an update may be missing. A worker owns the feed.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_UPDATE_FEED_H
#define DOWNLINK_UPDATE_FEED_H

#include "common/bytes/json_writer.h"
#include "gateway/events/update_log.h"
#include "gateway/owners/directory.h"

typedef struct update_feed update_feed_t;

//  Make a feed. All three arguments are borrowed.
update_feed_t *update_feed_new (directory_t *directory, update_log_t *log, json_writer_t *json);

void update_feed_destroy (update_feed_t **self_p);

//  Listen to a rocket, or to all rockets (NULL). Pair each call with a call of update_feed_ignore.
//  When the topics of single rockets would need more than half of the room that a processor gives,
//  the feed listens to all rockets instead. It keeps listening to all for a while after the last
//  stream has gone, so that a returning client can continue.
void update_feed_listen (update_feed_t *self, const char *id);
void update_feed_ignore (update_feed_t *self, const char *id);

//  Return a ticket for the current subscriptions; and return true once a ticket's subscriptions are
//  in effect at every owner. From then on no change is missed, and pages can be asked for.
uint64_t update_feed_ticket (const update_feed_t *self);
bool update_feed_is_reached (const update_feed_t *self, uint64_t ticket);

//  Return the sockets to wait for, borrowed until the next run.
size_t update_feed_count (const update_feed_t *self);
void update_feed_items (update_feed_t *self, socket_item_t *items);

//  Receive updates and follow the directory. Bounded; never waits.
void update_feed_run (update_feed_t *self);

#endif
