//  GET /events: all streams of a worker, over what the processors tell. However many clients there
//  are, an update is received and made into text once; a client that does not read holds up nobody.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_EVENT_STREAMS_H
#define DOWNLINK_EVENT_STREAMS_H

#include "gateway/events/event_pages.h"

typedef struct event_streams event_streams_t;

//  At most so many at once. All others are borrowed.
event_streams_t *event_streams_new (
    size_t limit, directory_t *directory, asker_t *asker, json_writer_t *json);

//  The requests and the asker must be destroyed before.
void event_streams_destroy (event_streams_t **self_p);

//  Answer a request with a stream of a rocket or of all (id NULL); last_id is its Last-Event-ID, or
//  NULL. False if there are too many: then the request is not answered.
bool event_streams_open (event_streams_t *self, http_request_t *request, const char *id,
    const char *last_id) __attribute__ ((warn_unused_result));

//  Answer HEAD with the head that such a stream begins with.
void event_streams_answer_head (http_request_t *request);

size_t event_streams_count (const event_streams_t *self);

//  What to wait for, so many sockets and at most so long. Borrowed until the next run.
size_t event_streams_items_count (const event_streams_t *self);
void event_streams_items (event_streams_t *self, socket_item_t *items);
int64_t event_streams_timeout_ms (const event_streams_t *self);

//  Take in updates, ask for pages, have the streams send. Bounded; never waits.
void event_streams_run (event_streams_t *self);

//  End all streams from now on, those that do not read by closing their connections.
void event_streams_stop (event_streams_t *self);

#endif
