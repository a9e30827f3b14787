//  Read messages from JSON text. This header is C; the code below it is C++, around simdjson. One
//  thread owns a reader and uses it for many bodies.
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

//  The end of the detail of a broken document that may be lines.
#define MESSAGE_JSON_HINT "; one message a line needs Content-Type: application/x-ndjson"

typedef enum {
    MESSAGE_JSON_DOCUMENT,  //  one object, or an array of objects
    MESSAGE_JSON_LINES,     //  NDJSON: one object a line; blank lines are ignored
    MESSAGE_JSON_EVENT,     //  one CloudEvent (common/domain/cloud_event.h)
    MESSAGE_JSON_EVENTS,    //  an array of CloudEvents
} message_json_form_t;

typedef enum {
    MESSAGE_JSON_READ,    //  every element went to accept or refuse
    MESSAGE_JSON_PAUSED,  //  message_json_pause was called: message_json_go_on reads the rest
    MESSAGE_JSON_BROKEN,  //  the body is not JSON, or neither object nor array: see detail
} message_json_result_t;

typedef struct message_json message_json_t;

//  Take a good message. Calls come in order. index is the place in the array, or the number of the
//  line without blank lines, from 0. The message's texts are valid only during the call.
typedef void (message_json_accept_fn) (void *context, size_t index, const message_t *message);

//  Take a fault of a bad message: a pointer into the message as the client sent it (RFC 6901, ""
//  for all of it), and a sentence with the rule that it breaks. Both are valid only during the
//  call. A message with several faults gets several calls, one after the other.
typedef void (message_json_refuse_fn) (
    void *context, size_t index, const char *pointer, const char *detail);

//  Return a new reader for bodies up to max_body_bytes (below 4 GiB). It allocates memory as bodies
//  need it.
message_json_t *message_json_new (size_t max_body_bytes) MESSAGE_JSON_NOEXCEPT;

void message_json_destroy (message_json_t **self_p) MESSAGE_JSON_NOEXCEPT;

//  Read a body of size bytes, followed by MESSAGE_JSON_PADDING readable ones. For a document that
//  is not JSON return MESSAGE_JSON_BROKEN without calling a function, and set *detail to a sentence
//  with line and column, valid until the next call. In the form of lines, a line that is not JSON
//  is refused alone. A blank body is BROKEN; an empty array is not.
//
//  Each message reports all its faults, in the order of message_check's rules; a missing or
//  repeated member has its place in that order. Unknown members are ignored. More than 32 levels of
//  nesting and lone surrogates in escapes count as broken JSON. A byte order mark before the body
//  is ignored.
message_json_result_t message_json_read (message_json_t *self, const char *body, size_t size,
    message_json_form_t form, message_json_accept_fn *accept, message_json_refuse_fn *refuse,
    void *context, const char **detail) MESSAGE_JSON_NOEXCEPT __attribute__ ((warn_unused_result));

//  Pause a message_json_read after the current element. Call this from accept or refuse.
void message_json_pause (message_json_t *self) MESSAGE_JSON_NOEXCEPT;

//  Read on after a pause. The body must be unchanged, and the reader unused since then. A body need
//  not be read to its end.
message_json_result_t message_json_go_on (message_json_t *self, message_json_accept_fn *accept,
    message_json_refuse_fn *refuse, void *context) MESSAGE_JSON_NOEXCEPT
    __attribute__ ((warn_unused_result));

//  Read a piece of an NDJSON body: whole lines, the last one with or without its line end. *index
//  counts the lines without blank ones: set it to 0 at the beginning of a body; if it is 0 at the
//  end, the body was blank. is_first: the piece is the beginning of the body.
void message_json_read_lines (message_json_t *self, const char *lines, size_t size, bool is_first,
    size_t *index, message_json_accept_fn *accept, message_json_refuse_fn *refuse,
    void *context) MESSAGE_JSON_NOEXCEPT;

//  Read the message of an event whose attributes came in the head and whose data is the body. The
//  pointer of a refusal is the name of a header field, or a pointer into the data.
message_json_result_t message_json_read_data (message_json_t *self, const cloud_event_t *event,
    const char *body, size_t size, message_json_accept_fn *accept, message_json_refuse_fn *refuse,
    void *context, const char **detail) MESSAGE_JSON_NOEXCEPT __attribute__ ((warn_unused_result));

#ifdef __cplusplus
}
#endif

#endif
