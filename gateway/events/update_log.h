//  The newest states of the rockets that have changed, as events in the order of their changes.
//  Every stream reads the log from its own position. The log has each rocket once: a newer state
//  goes to the end, and the older one is removed. So a slow stream gets the newest state of each
//  rocket, and a stream costs no more than its position. The log is bounded: it drops the oldest
//  events, and a stream that has not read them must begin again. A worker owns its log. Time is an
//  argument.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_UPDATE_LOG_H
#define DOWNLINK_UPDATE_LOG_H

#include "query/protocol/rocket_map.h"

typedef struct update_log update_log_t;

typedef struct {
    uint64_t number;  //  its position: events are numbered in the order of arrival
    text_t id;        //  of the rocket; not terminated
    uint32_t partition;
    rocket_version_t version;
    bool is_removed;  //  the rocket was removed
    GBytes *event;    //  as streams send it
} log_entry_t;

//  Make a log that holds at most max_bytes of events.
update_log_t *update_log_new (size_t max_bytes);

void update_log_destroy (update_log_t **self_p);

//  Add a state as JSON. Return false and ignore it unless it is newer than the known state of the
//  rocket.
bool update_log_put (
    update_log_t *self, text_t id, uint32_t partition, rocket_version_t version, text_t json);

//  Add the removal of a rocket, in the same way. The rocket may come back later: its new state is
//  newer than the removal.
bool update_log_put_removed (
    update_log_t *self, text_t id, uint32_t partition, rocket_version_t version, text_t json);

//  Note that a page has shown this state. For some seconds the log ignores older states of the
//  rocket, whose late updates would be a step back.
void update_log_shown (update_log_t *self, text_t id, rocket_version_t version, int64_t now_ms);

//  Break the log: an update may be missing, so no stream can go on from an earlier position.
void update_log_break (update_log_t *self);

//  Return the number of breaks.
uint64_t update_log_breaks (const update_log_t *self);

//  Return the position behind the last event.
uint64_t update_log_end (const update_log_t *self);

//  Return true if the log has every event behind this position.
bool update_log_reaches (const update_log_t *self, uint64_t position);

//  Return the first event behind a position, or the event of a rocket; NULL if there is none.
//  Borrowed until the next change of the log.
const log_entry_t *update_log_after (const update_log_t *self, uint64_t position);
const log_entry_t *update_log_of (const update_log_t *self, text_t id);

#define UPDATE_LOG_ID_SIZE 40

//  Write a position as the id of an event, terminated; and read one. Return false for an id of
//  another log.
void update_log_write_id (const update_log_t *self, uint64_t position, char id[UPDATE_LOG_ID_SIZE]);
bool update_log_read_id (const update_log_t *self, const char *id, uint64_t *position)
    __attribute__ ((warn_unused_result));

#endif
