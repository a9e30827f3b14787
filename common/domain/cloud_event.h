//  A rocket message in the envelope of a CloudEvent (1.0): type is the messageType, subject the
//  channel, sequence (an extension) the messageNumber, time the messageTime, data the message.
//  Other attributes are ignored. Pure functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CLOUD_EVENT_H
#define DOWNLINK_CLOUD_EVENT_H

#include "common/domain/message.h"

#ifdef __cplusplus
extern "C" {
#endif

//  The attributes that count, in the order in which faults are reported: the name, and the place of
//  the attribute in a message (a pointer of message_check), or in the event for the attributes that
//  every event needs.
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

//  The attributes of an event. A missing one has no data, and one that is not a string is empty.
typedef struct {
    text_t attributes[CLOUD_EVENT_ATTRIBUTES_COUNT];
    uint64_t number;  //  the sequence if it is a number, not a string; else 0
} cloud_event_t;

//  The form in which an event came. A fault points into this form.
typedef enum {
    CLOUD_EVENT_STRUCTURED,  //  the JSON of the event: /subject, /data/by
    CLOUD_EVENT_BINARY,      //  header fields, ce-subject, and the JSON of its data, /by
    CLOUD_EVENT_BASE64,      //  structured, its data in base64: /subject, /data_base64/by
} cloud_event_mode_t;

//  Return the name of an attribute.
const char *cloud_event_name (cloud_event_attribute_t attribute);

//  Return the place of an attribute, as in the list above.
const char *cloud_event_place (cloud_event_attribute_t attribute);

//  Check the attributes that every event needs: specversion 1.0, an id, a source. Write all faults,
//  and return their number.
size_t cloud_event_faults (
    const cloud_event_t *self, message_fault_t faults[CLOUD_EVENT_ATTRIBUTES_COUNT]);

//  Copy the metadata of an event to a message; the texts are borrowed. A value that cannot be
//  read becomes one that breaks a rule of message_check. Write a fault for each missing attribute,
//  and return the number of faults.
size_t cloud_event_take (const cloud_event_t *self, message_t *message,
    message_fault_t absent[CLOUD_EVENT_ATTRIBUTES_COUNT]);

//  Convert a fault's pointer into the message to a pointer into the event. The result is a
//  constant, or a part of pointer.
const char *cloud_event_pointer (const char *pointer, cloud_event_mode_t mode);

//  Return true if a datacontenttype says that the data is JSON, whatever its parameters.
bool cloud_event_type_is_json (text_t type);

//  Decode a header field of the binary mode: remove quotes, resolve percent escapes. Return the
//  bytes, which the caller frees, or NULL if the value is broken or does not decode to UTF-8.
char *cloud_event_decode (const char *value, size_t *size);

#ifdef __cplusplus
}
#endif

#endif
