//  JSON text to messages, behind a C header: what is below it is C++, around simdjson.
//  A reader belongs to one thread and is used again for every body.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_MESSAGE_JSON_H
#define DOWNLINK_MESSAGE_JSON_H

#include "common/domain/cloud_event.h"
#include "common/domain/message.h"

#ifdef __cplusplus
extern "C" {
#define MESSAGE_JSON_NOEXCEPT noexcept
#else
#define MESSAGE_JSON_NOEXCEPT
#endif

//  Bytes behind a body that must be readable (their values do not matter).
#define MESSAGE_JSON_PADDING 64

//  The detail of a body that is blank.
#define MESSAGE_JSON_NOTHING "the body holds no message"

typedef enum {
    MESSAGE_JSON_DOCUMENT,  //  one object, or an array of objects
    MESSAGE_JSON_LINES,     //  NDJSON: one object a line; blank lines are passed over
    MESSAGE_JSON_EVENT,     //  one CloudEvent (common/domain/cloud_event.h)
    MESSAGE_JSON_EVENTS,    //  an array of CloudEvents
} message_json_form_t;

typedef enum {
    MESSAGE_JSON_READ,    //  every element was told to one of the two functions
    MESSAGE_JSON_BROKEN,  //  the whole body is no JSON, or neither object nor array: see detail
} message_json_result_t;

typedef struct message_json message_json_t;

//  Told for every good message, in order. index counts from 0: the place in the array, or the line
//  among those that are not blank. The texts of the message are good only during the call.
typedef void (message_json_accept_fn) (void *context, size_t index, const message_t *message);

//  Told for every bad one: pointer into that message as it was sent (RFC 6901, "" for the whole of
//  it), and a sentence that says what was expected. Both are good only during the call.
typedef void (message_json_refuse_fn) (
    void *context, size_t index, const char *pointer, const char *detail);

//  Returns a new reader; memory for bodies up to max_body_bytes (below 4 GiB) is taken as they
//  come.
message_json_t *message_json_new (size_t max_body_bytes) MESSAGE_JSON_NOEXCEPT;

void message_json_destroy (message_json_t **self_p) MESSAGE_JSON_NOEXCEPT;

//  Read a body of size bytes, followed by MESSAGE_JSON_PADDING readable ones. In a document that is
//  no JSON nothing is told to the functions, BROKEN is returned, and *detail is a sentence with the
//  place of the fault (line and column), good until the next call. A line that is no JSON is a
//  refusal of that line. A body without any message (blank) is BROKEN; an empty array is not.
//
//  Only the first fault of a message is told, in the order of message_check's rules; a member that
//  is missing or given twice is told at its place in that order. Other members may hold anything.
//  More than 32 levels of nesting are refused like broken JSON, lone surrogates in escapes too; a
//  byte order mark before the body is passed over.
message_json_result_t message_json_read (message_json_t *self, const char *body, size_t size,
    message_json_form_t form, message_json_accept_fn *accept, message_json_refuse_fn *refuse,
    void *context, const char **detail) MESSAGE_JSON_NOEXCEPT __attribute__ ((warn_unused_result));

//  Likewise the lines of a body in NDJSON that comes in pieces: whole lines, the last one with its end
//  or without. *index counts the lines that are not blank; it is 0 at the beginning of a body, and
//  if it still is at the end the body was blank. is_first: the piece is the beginning of the body.
void message_json_read_lines (message_json_t *self, const char *lines, size_t size, bool is_first,
    size_t *index, message_json_accept_fn *accept, message_json_refuse_fn *refuse,
    void *context) MESSAGE_JSON_NOEXCEPT;

//  Likewise the one message of an event whose attributes came beside its data, which is the body. The
//  pointer of a refusal is a header field's name, or one into the data.
message_json_result_t message_json_read_data (message_json_t *self, const cloud_event_t *event,
    const char *body, size_t size, message_json_accept_fn *accept, message_json_refuse_fn *refuse,
    void *context, const char **detail) MESSAGE_JSON_NOEXCEPT __attribute__ ((warn_unused_result));

#ifdef __cplusplus
}
#endif

#endif
