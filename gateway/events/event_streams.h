//  All streams of GET /events of a worker. Processors publish updates; the worker receives each
//  update once and writes it as text once for all clients. A client that does not read delays no
//  other client.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_EVENT_STREAMS_H
#define DOWNLINK_EVENT_STREAMS_H

#include "gateway/events/event_pages.h"

typedef struct event_streams event_streams_t;

//  Make the streams, `limit` at once at most. The other arguments are borrowed.
event_streams_t *event_streams_new (
    size_t limit, directory_t *directory, asker_t *asker, json_writer_t *json);

//  Destroy the requests and the asker first.
void event_streams_destroy (event_streams_t **self_p);

//  Answer a request with a stream of the rockets of these ids (ending with NULL), or of all (ids
//  NULL). last_id is its Last-Event-ID, or NULL. Return false without an answer if there are too
//  many streams.
bool event_streams_open (event_streams_t *self, http_request_t *request, const char *const *ids,
    const char *last_id) __attribute__ ((warn_unused_result));

//  Answer HEAD with the head of such a stream.
void event_streams_answer_head (http_request_t *request);

size_t event_streams_count (const event_streams_t *self);

//  Return the sockets to wait for, borrowed until the next run, and the longest time to wait.
size_t event_streams_items_count (const event_streams_t *self);
void event_streams_items (event_streams_t *self, socket_item_t *items);
int64_t event_streams_timeout_ms (const event_streams_t *self);

//  Receive updates, ask for pages, wake streams. Bounded; never wait.
void event_streams_run (event_streams_t *self);

//  End the streams that are open now. Their clients may open new ones.
void event_streams_turn_out (event_streams_t *self);

//  End all streams from now on; close the connection of a client that does not read.
void event_streams_stop (event_streams_t *self);

#endif
