//  A rocket message in the envelope of a CloudEvent (1.0): type is the messageType, subject the
//  channel, sequence (an extension) the messageNumber, time the messageTime, data the message. Other
//  attributes are passed over. Pure functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CLOUD_EVENT_H
#define DOWNLINK_CLOUD_EVENT_H

#include "common/domain/message.h"

#ifdef __cplusplus
extern "C" {
#endif

//  The attributes that are looked at: name; where it belongs in a message, as message_check tells
//  it, or, for what every event must have, in the event itself. In the order in which they are told.
#define CLOUD_EVENT_ATTRIBUTES(X)                                                                  \
    X (CLOUD_EVENT_SPECVERSION, "specversion", "/specversion")                                     \
    X (CLOUD_EVENT_ID, "id", "/id")                                                                \
    X (CLOUD_EVENT_SOURCE, "source", "/source")                                                    \
    X (CLOUD_EVENT_SUBJECT, "subject", "/metadata/channel")                                        \
    X (CLOUD_EVENT_SEQUENCE, "sequence", "/metadata/messageNumber")                                \
    X (CLOUD_EVENT_TIME, "time", "/metadata/messageTime")                                          \
    X (CLOUD_EVENT_TYPE, "type", "/metadata/messageType")

typedef enum {
#define X(attribute, name, pointer) attribute,
    CLOUD_EVENT_ATTRIBUTES (X)
#undef X
        CLOUD_EVENT_ATTRIBUTES_COUNT
} cloud_event_attribute_t;

//  The attributes of an event; one without data is not there, one that is no string is empty.
typedef struct {
    text_t attributes[CLOUD_EVENT_ATTRIBUTES_COUNT];
    uint64_t number;  //  the sequence, if it is a number and no string; else 0
} cloud_event_t;

//  How an event was sent, and so what a fault points into.
typedef enum {
    CLOUD_EVENT_STRUCTURED,  //  the JSON of the event: /subject, /data/by
    CLOUD_EVENT_BINARY,      //  header fields, ce-subject, and the JSON of its data, /by
    CLOUD_EVENT_BASE64,      //  structured, its data in base64: /subject, /data_base64/by
} cloud_event_mode_t;

const char *cloud_event_name (cloud_event_attribute_t attribute);

//  Where an attribute belongs, as in the list above.
const char *cloud_event_place (cloud_event_attribute_t attribute);

//  Hold what every event must have against the rules: specversion 1.0, an id, a source. Returns
//  false, and the first fault, if it does not keep them.
bool cloud_event_check (const cloud_event_t *self, message_fault_t *fault)
    __attribute__ ((warn_unused_result));

//  Take the metadata of a message over, its texts borrowed. What breaks a rule of message_check is
//  left as it was. Returns false if an attribute is missing, and absent says which.
bool cloud_event_take (const cloud_event_t *self, message_t *message, message_fault_t *absent)
    __attribute__ ((warn_unused_result));

//  A pointer of a fault, as what was sent has it. A constant, or a part of pointer.
const char *cloud_event_pointer (const char *pointer, cloud_event_mode_t mode);

//  Return true if a datacontenttype says that the data is JSON, whatever its parameters.
bool cloud_event_type_is_json (text_t type);

//  The value of a header field of the binary mode as bytes, to be freed: a quoted string is
//  unquoted, percent escapes are resolved. NULL if it is broken, or no UTF-8 then.
char *cloud_event_decode (const char *value, size_t *size);

#ifdef __cplusplus
}
#endif

#endif
