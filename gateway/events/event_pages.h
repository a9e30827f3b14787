//  The current rockets for streams that begin: ask the owners page by page, and write each page as
//  events once for all streams at the same place. At most one page of all rockets is in progress,
//  for any number of streams. A worker owns the pages.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_EVENT_PAGES_H
#define DOWNLINK_EVENT_PAGES_H

#include "gateway/events/event_stream.h"
#include "gateway/queries/asker.h"

typedef struct event_pages event_pages_t;

//  Make the pages. All arguments are borrowed.
event_pages_t *event_pages_new (
    stream_set_t *set, asker_t *asker, directory_t *directory, json_writer_t *json);

//  Destroy the asker first.
void event_pages_destroy (event_pages_t **self_p);

//  Ask for the next page that streams in QUEUED wait for.
void event_pages_run (event_pages_t *self, int64_t now_ms);

//  Return the longest wait before the next run, in milliseconds; INT64_MAX if no stream waits.
int64_t event_pages_timeout_ms (const event_pages_t *self, int64_t now_ms);

//  Remove a stream. Cancel its page unless other streams wait for it.
void event_pages_forget (event_pages_t *self, event_stream_t *stream);

#endif
