//  One client's stream of events: what it is shown next. First the rockets that there are, page by
//  page; then those that change, from the log, at the pace that the client reads.
//
//    phase      the stream                                      goes on
//    LISTENING  waits until what it listens to is in effect     to QUEUED
//    QUEUED     waits for its turn to ask for a page            to ASKED
//    ASKED      waits for the page                              to SHOWING; to QUEUED, if none came
//    SHOWING    sends the page, then what has changed since of  to QUEUED for the next page; after
//               what it has shown                               the last one to LIVE
//    LIVE       sends updates as they come                      one rocket: to QUEUED now and then
//
//  If something was missed, or the log has lost what the stream has not read, it begins again.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_EVENT_STREAM_H
#define DOWNLINK_EVENT_STREAM_H

#include "gateway/events/update_feed.h"
#include "http/http_request.h"

typedef enum {
    STREAM_LISTENING,
    STREAM_QUEUED,
    STREAM_ASKED,
    STREAM_SHOWING,
    STREAM_LIVE,
    STREAM_PHASES
} stream_phase_t;

//  What the streams of a worker have in common. A list of event_stream_t * a phase.
typedef struct {
    update_log_t *log;
    update_feed_t *feed;
    GQueue phases[STREAM_PHASES];
} stream_set_t;

//  The place of a page: a single one if all fits in; else every partition by itself, in the order
//  of the ids. What is before it was shown.
typedef struct {
    bool is_by_partition;
    uint32_t partition;
    GBytes *after;  //  the last id that was shown of this partition; NULL: none
    bool is_done;   //  there are no more
} walk_t;

typedef struct {
    http_request_t *request;
    char *id;  //  of the one rocket; NULL: all
    stream_phase_t phase;
    GList link;  //  in the phase's list
    walk_t walk;
    uint64_t rockets;          //  that were shown by pages
    uint64_t ticket;           //  of what it listens to
    uint64_t breaks;           //  of the log when the walk began
    uint64_t position;         //  all rockets: in the log
    rocket_version_t version;  //  one rocket: the newest state that was sent
    GBytes *events;            //  to be sent next, as of a page
    GBytes *piece;             //  that is being sent
    size_t sent;               //  of it
    const char *reset;         //  why it begins again, to be told; NULL: it does not
    bool is_begun;             //  something was sent at all
    bool is_fresh;             //  no rocket was sent since it began, or began again
    bool is_synced;            //  one rocket: it was told that it is whole
    bool is_quiet;             //  nothing was sent for a while: let it know that we are there
    int64_t entered_ms;        //  when it came into the phase
    int64_t not_before_ms;     //  QUEUED
    int64_t sent_ms;           //  when something was sent last
    void *page;                //  ASKED: whose page it waits for
} event_stream_t;

//  A stream in LISTENING, or, if last_id (Last-Event-ID) says where to go on and the log still has
//  what came behind it, in SHOWING. id is copied; NULL: all rockets.
event_stream_t *event_stream_new (
    stream_set_t *set, http_request_t *request, const char *id, const char *last_id);

void event_stream_destroy (stream_set_t *set, event_stream_t **self_p);

//  The only place where a stream changes its phase.
void event_stream_enter (stream_set_t *set, event_stream_t *self, stream_phase_t phase);

//  True if all that changed since the walk began was heard and can still be read.
bool event_stream_is_whole (const stream_set_t *set, const event_stream_t *self);

//  Begin again. The client is told, and why, if it has been shown something.
void event_stream_restart (stream_set_t *set, event_stream_t *self);

//  One rocket: this state is sent next. If a new owner has less than what was shown, as that was
//  not saved, the client is told before.
void event_stream_set_version (event_stream_t *self, rocket_version_t version);

//  The page that was asked for: these events (taken, NULL for none), and where the next one is
//  (taken).
void event_stream_show (
    stream_set_t *set, event_stream_t *self, GBytes *events, uint64_t rockets, walk_t next);

//  True if a stream in LIVE has something to send.
bool event_stream_has_more (const stream_set_t *set, const event_stream_t *self);

//  Put what comes next into the buffer. Returns how many bytes; 0 if there is nothing now.
size_t event_stream_read (stream_set_t *set, event_stream_t *self, char *buffer, size_t size);

#endif
