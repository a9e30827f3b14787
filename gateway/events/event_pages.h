//  The rockets that there are, for streams that begin: asked of the owners page by page, and made
//  into events once for all streams that are at the same place. However many streams there are, one
//  page is under way at a time. A worker owns it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_EVENT_PAGES_H
#define DOWNLINK_EVENT_PAGES_H

#include "gateway/events/event_stream.h"
#include "gateway/questions/ask_owners.h"

typedef struct event_pages event_pages_t;

//  All are borrowed.
event_pages_t *event_pages_new (
    stream_set_t *set, asker_t *asker, directory_t *directory, json_writer_t *json);

//  The asker must be destroyed before.
void event_pages_destroy (event_pages_t **self_p);

//  Ask for the pages that the streams in QUEUED wait for, as far as it is their turn.
void event_pages_run (event_pages_t *self, int64_t now_ms);

//  Return how long to wait at most before the next run; INT64_MAX if no stream waits for its turn.
int64_t event_pages_timeout_ms (const event_pages_t *self, int64_t now_ms);

//  A stream is going. A page that nobody else waits for is not waited for any more.
void event_pages_forget (event_pages_t *self, event_stream_t *stream);

#endif
