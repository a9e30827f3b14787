//  The newest states of the rockets that have changed, in the order of their changes, as events:
//  what every stream reads, each from a position of its own. A rocket is in it once: a newer state
//  takes the place of the older one, at the end. So a stream that reads slowly is shown the newest
//  state of each rocket, and keeping a stream costs no more than its position. It is bounded: the
//  oldest events go, and who has not read them cannot go on. A worker owns its log. Time is an
//  argument.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_UPDATE_LOG_H
#define DOWNLINK_UPDATE_LOG_H

#include "query/protocol/rocket_map.h"

typedef struct update_log update_log_t;

typedef struct {
    uint64_t number;  //  its position: events are numbered in the order they came in
    text_t id;        //  the rocket's; not terminated
    uint32_t partition;
    rocket_version_t version;
    GBytes *event;  //  as it is sent
} log_entry_t;

//  A log of at most so many bytes of events.
update_log_t *update_log_new (size_t max_bytes);

void update_log_destroy (update_log_t **self_p);

//  Put a state in, as JSON. False if it is not newer than what is known of the rocket: it is passed
//  over.
bool update_log_put (
    update_log_t *self, text_t id, uint32_t partition, rocket_version_t version, text_t json);

//  This state was shown to somebody in another way. An older one, as its update comes late or waits
//  in the log, would be a step back: for some seconds it is passed over. The newest comes, too.
void update_log_shown (update_log_t *self, text_t id, rocket_version_t version, int64_t now_ms);

//  Something was missed: nobody can go on from a position before this.
void update_log_break (update_log_t *self);

//  How often that happened.
uint64_t update_log_breaks (const update_log_t *self);

//  The position behind the last event.
uint64_t update_log_end (const update_log_t *self);

//  True if nothing behind this position is gone.
bool update_log_reaches (const update_log_t *self, uint64_t position);

//  The first event behind a position, and the one of a rocket; NULL if there is none. Borrowed
//  until the next change of the log.
const log_entry_t *update_log_after (const update_log_t *self, uint64_t position);
const log_entry_t *update_log_of (const update_log_t *self, text_t id);

#define UPDATE_LOG_ID_SIZE 40

//  A position as the id of an event, terminated, and back. False if it is none of this log's.
void update_log_write_id (const update_log_t *self, uint64_t position, char id[UPDATE_LOG_ID_SIZE]);
bool update_log_read_id (const update_log_t *self, const char *id, uint64_t *position)
    __attribute__ ((warn_unused_result));

#endif
