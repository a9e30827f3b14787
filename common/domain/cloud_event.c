//  message_check finds the faults of the message in an event. At the end its pointers into a
//  message become pointers into the event, so this file repeats no rule.
//  SPDX-License-Identifier: Apache-2.0
#include "common/domain/cloud_event.h"

#include <glib.h>

#include "common/text/timestamp.h"

#define SEQUENCE_MAX_BYTES 64  //  leading zeros make numbers sort as texts

//  The places of a member in a message, an event, an event in binary mode, and an event with base64
//  data.
static const struct {
    const char *message;
    const char *structured;
    const char *binary;
    const char *base64;
} s_places[] = {
#define X(attribute, name, pointer) {pointer, "/" name, "ce-" name, "/" name},
    CLOUD_EVENT_ATTRIBUTES (X)
#undef X
        {"/message", "/data", "", "/data_base64"},
#define MEMBER(name, field) {"/message/" name, "/data/" name, "/" name, "/data_base64/" name},
#define ROW(NAME, number, type) MESSAGE_MEMBERS_##NAME (MEMBER, MEMBER)
    MESSAGE_KINDS (ROW)
#undef ROW
#undef MEMBER
};

const char *
cloud_event_name (cloud_event_attribute_t attribute)
{
    return s_places[attribute].structured + 1;
}

const char *
cloud_event_place (cloud_event_attribute_t attribute)
{
    return s_places[attribute].message;
}

const char *
cloud_event_pointer (const char *pointer, cloud_event_mode_t mode)
{
    for (size_t index = 0; index < G_N_ELEMENTS (s_places); index++) {
        if (strcmp (pointer, s_places[index].message) != 0)
            continue;
        switch (mode) {
        case CLOUD_EVENT_STRUCTURED:
            return s_places[index].structured;
        case CLOUD_EVENT_BINARY:
            return s_places[index].binary;
        case CLOUD_EVENT_BASE64:
            return s_places[index].base64;
        }
    }
    return pointer;
}

//  Return true if the event has the attribute; else set *fault.
static bool
s_is_there (const cloud_event_t *self, cloud_event_attribute_t attribute, message_fault_t *fault)
{
    if (self->attributes[attribute].data)
        return true;
    *fault = (message_fault_t){s_places[attribute].message, "is missing"};
    return false;
}

static bool
s_is_version (const cloud_event_t *self, message_fault_t *fault)
{
    if (!s_is_there (self, CLOUD_EVENT_SPECVERSION, fault))
        return false;
    *fault = (message_fault_t){s_places[CLOUD_EVENT_SPECVERSION].message, "must be \"1.0\""};
    return text_equal (self->attributes[CLOUD_EVENT_SPECVERSION], text_from ("1.0"));
}

static bool
s_is_filled (const cloud_event_t *self, cloud_event_attribute_t attribute, message_fault_t *fault)
{
    if (!s_is_there (self, attribute, fault))
        return false;
    *fault = (message_fault_t){s_places[attribute].message, "must be a string that is not empty"};
    return self->attributes[attribute].size > 0;
}

size_t
cloud_event_faults (const cloud_event_t *self, message_fault_t faults[CLOUD_EVENT_ATTRIBUTES_COUNT])
{
    size_t count = 0;
    count += !s_is_version (self, &faults[count]);
    count += !s_is_filled (self, CLOUD_EVENT_ID, &faults[count]);
    count += !s_is_filled (self, CLOUD_EVENT_SOURCE, &faults[count]);
    return count;
}

//  Return the number in a sequence; 0, which is never valid, if it is not one.
static uint64_t
s_read_sequence (text_t text)
{
    uint64_t number = 0;
    if (text.size > SEQUENCE_MAX_BYTES)
        return 0;
    for (size_t at = 0; at < text.size; at++) {
        if (!g_ascii_isdigit (text.data[at]) || number > MESSAGE_NUMBER_MAX)
            return 0;
        number = number * 10 + (uint64_t) (text.data[at] - '0');
    }
    return number;
}

size_t
cloud_event_take (const cloud_event_t *self, message_t *message,
    message_fault_t absent[CLOUD_EVENT_ATTRIBUTES_COUNT])
{
    const text_t *attributes = self->attributes;
    size_t count = 0;
    for (cloud_event_attribute_t one = CLOUD_EVENT_SUBJECT; one <= CLOUD_EVENT_TYPE; one++)
        count += !s_is_there (self, one, &absent[count]);
    message->channel = attributes[CLOUD_EVENT_SUBJECT];
    message->number =
        self->number ? self->number : s_read_sequence (attributes[CLOUD_EVENT_SEQUENCE]);
    if (!timestamp_parse (attributes[CLOUD_EVENT_TIME], &message->time_us))
        message->time_us = INT64_MIN;
    message->kind = message_kind_of (attributes[CLOUD_EVENT_TYPE]);
    return count;
}

bool
cloud_event_type_is_json (text_t type)
{
    static const char suffix[] = "+json";
    char *name = g_strndup (type.data, type.size);
    name[strcspn (name, ";")] = '\0';
    g_strchomp (name);
    size_t size = strlen (name);
    bool has_suffix = size >= sizeof suffix &&
                      g_ascii_strcasecmp (name + size - (sizeof suffix - 1), suffix) == 0;
    bool is_json = has_suffix || g_ascii_strcasecmp (name, "application/json") == 0 ||
                   g_ascii_strcasecmp (name, "text/json") == 0;
    g_free (name);
    return is_json;
}

//  Return a quoted string (RFC 9110, section 5.6.4) without its quotes, and any other value
//  unchanged. Return NULL if the quotes do not enclose the whole value.
static char *
s_unquote (const char *value)
{
    if (*value != '"')
        return g_strdup (value);
    GString *text = g_string_new (NULL);
    const char *at = value + 1;
    for (; *at && *at != '"'; at++) {
        if (*at == '\\' && at[1])
            at++;
        g_string_append_c (text, *at);
    }
    bool is_whole = at[0] == '"' && at[1] == '\0';
    return g_string_free (text, !is_whole);
}

char *
cloud_event_decode (const char *value, size_t *size)
{
    char *text = s_unquote (value);
    GBytes *bytes = text ? g_uri_unescape_bytes (text, -1, NULL, NULL) : NULL;
    char *decoded = NULL;
    if (bytes) {
        gsize count = 0;
        const char *data = g_bytes_get_data (bytes, &count);
        if (count == 0 || g_utf8_validate_len (data, count, NULL)) {
            decoded = g_malloc (count + 1);
            if (count > 0)
                memcpy (decoded, data, count);
            decoded[count] = '\0';
            *size = count;
        }
        g_bytes_unref (bytes);
    }
    g_free (text);
    return decoded;
}
