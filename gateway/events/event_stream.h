//  One client's stream of events: first the current rockets, page by page, then the rockets that
//  change, from the log, at the pace of the client.
//
//    phase      the stream                                      next phase
//    LISTENING  waits until its subscription is in effect       QUEUED
//    QUEUED     waits for its turn to ask for a page            ASKED
//    ASKED      waits for the page                              SHOWING; QUEUED if no page came
//    SHOWING    sends the page, then newer updates of the       QUEUED for the next page; after
//               rockets that it has shown                       the last page LIVE
//    LIVE       sends updates as they come                      chosen rockets: QUEUED every 5 s
//
//  A stream of chosen rockets asks for them one by one: each of its pages is one rocket. A stream
//  begins again if an update was missed, or if the log has dropped events that the stream has not
//  read.
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

//  The shared part of a worker's streams: a list of event_stream_t * for each phase.
typedef struct {
    update_log_t *log;
    update_feed_t *feed;
    GQueue phases[STREAM_PHASES];
} stream_set_t;

//  The place of a page: one page if all rockets fit in it; else partition by partition, in the
//  order of ids. All rockets before the place were shown.
typedef struct {
    bool is_by_partition;
    uint32_t partition;
    GBytes *after;  //  the last id shown of this partition; NULL: none
    bool is_done;   //  there are no more rockets
} walk_t;

//  A rocket that the client has chosen.
typedef struct {
    char *id;
    rocket_version_t version;  //  the newest state sent
} chosen_t;

typedef struct {
    http_request_t *request;
    chosen_t *chosen;  //  NULL: all rockets
    size_t chosen_count;
    size_t asking;  //  chosen: the index of the next rocket to ask for
    size_t left;    //  chosen: number of rockets to ask for before the stream is LIVE
    stream_phase_t phase;
    GList link;  //  in the list of its phase
    walk_t walk;
    uint64_t rockets;       //  shown by pages
    uint64_t ticket;        //  of its subscription
    uint64_t breaks;        //  the breaks of the log when the walk began
    uint64_t position;      //  all rockets: the position in the log
    GBytes *events;         //  the next events to send, for example a page
    GBytes *piece;          //  the piece that is being sent
    size_t sent;            //  bytes of it that were sent
    const char *reset;      //  the reason for beginning again, for the client; NULL: none
    bool is_begun;          //  an event was sent
    bool is_fresh;          //  no rocket was sent since the stream last began
    bool is_synced;         //  chosen: the client knows that the states are complete
    bool is_quiet;          //  nothing was sent for a while: send a comment
    int64_t entered_ms;     //  the time of entering the phase
    int64_t not_before_ms;  //  QUEUED
    int64_t sent_ms;        //  the time of the last event sent
    void *page;             //  ASKED: the page that it waits for
} event_stream_t;

//  Make a stream in LISTENING; or in SHOWING if the log still has all events after last_id (Last-
//  Event-ID). ids are of the chosen rockets (copied, ending with NULL); NULL: all rockets.
event_stream_t *event_stream_new (
    stream_set_t *set, http_request_t *request, const char *const *ids, const char *last_id);

void event_stream_destroy (stream_set_t *set, event_stream_t **self_p);

//  Change the phase of a stream. Only this function does.
void event_stream_enter (stream_set_t *set, event_stream_t *self, stream_phase_t phase);

//  Return true if the log has every change since the walk began.
bool event_stream_is_whole (const stream_set_t *set, const event_stream_t *self);

//  Begin again. If the client has got events, send it a reset with the reason.
void event_stream_restart (stream_set_t *set, event_stream_t *self);

//  Return the chosen rocket that the stream asks for; NULL for a stream of all rockets.
const chosen_t *event_stream_asking (const event_stream_t *self);

//  Make a stream of chosen rockets ask for all of them again.
void event_stream_ask_again (stream_set_t *set, event_stream_t *self);

//  Let a stream ask for its next rocket first, because the owner of the current one does not reply.
void event_stream_skip (event_stream_t *self);

//  Give a stream the state of the rocket that it asks for, as an event (borrowed; without data:
//  there is no such rocket).
void event_stream_show_chosen (
    stream_set_t *set, event_stream_t *self, text_t event, rocket_version_t version);

//  Give a stream its page: the events (taken; NULL for none), and the place of the next page
//  (taken).
void event_stream_show (
    stream_set_t *set, event_stream_t *self, GBytes *events, uint64_t rockets, walk_t next);

//  Return true if a stream in LIVE has an event to send.
bool event_stream_has_more (const stream_set_t *set, const event_stream_t *self);

//  Write the next events into the buffer. Return the number of bytes; 0 if there is nothing now.
size_t event_stream_read (stream_set_t *set, event_stream_t *self, char *buffer, size_t size);

#endif
