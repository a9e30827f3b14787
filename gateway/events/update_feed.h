//  The updates of all processors, into a log: connected as long as somebody listens, to just what
//  is listened to. It knows when what is listened to is in effect everywhere, and breaks the log
//  when something may have been missed. A worker owns it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_UPDATE_FEED_H
#define DOWNLINK_UPDATE_FEED_H

#include "common/bytes/json_writer.h"
#include "gateway/events/update_log.h"
#include "gateway/owners/directory.h"

typedef struct update_feed update_feed_t;

//  All three are borrowed.
update_feed_t *update_feed_new (directory_t *directory, update_log_t *log, json_writer_t *json);

void update_feed_destroy (update_feed_t **self_p);

//  Listen to a rocket, or to all of them (NULL); as often as it is ignored again. When so many
//  single rockets are listened to that their topics would take more room than a processor gives,
//  listen to all for the rest. Keep listening to all for a while after the last one ignores them,
//  so that a client that comes back can go on.
void update_feed_listen (update_feed_t *self, const char *id);
void update_feed_ignore (update_feed_t *self, const char *id);

//  A ticket for what is listened to now, and whether it is in effect with every owner: then
//  whatever changes from now on is heard of, and the states there are can be asked for.
uint64_t update_feed_ticket (const update_feed_t *self);
bool update_feed_is_reached (const update_feed_t *self, uint64_t ticket);

//  The sockets to wait for. Borrowed until the next run.
size_t update_feed_count (const update_feed_t *self);
void update_feed_items (update_feed_t *self, socket_item_t *items);

//  Take in updates, follow the directory. Bounded; never waits.
void update_feed_run (update_feed_t *self);

#endif
