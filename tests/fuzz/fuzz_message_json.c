//  JSON text to messages, for libFuzzer. The first byte, modulo 8, chooses the form, as '0' a
//  document, '1' lines, '2' an event, '3' an array of events, others an event in binary mode: first
//  a line for each attribute, as in a header field, then the data. For any input, accepted
//  messages keep the rules, refused ones have a place and a reason, and elements come in order.
//  Neither the bytes behind the body nor pauses make a difference.
//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/message_json.h"
#include "tests/fuzz/digest.h"
#include "tests/fuzz/input.h"

#define MAX_BODY_BYTES (64 * 1024)

//  A summary of the calls so far.
typedef struct {
    size_t told;  //  messages
    bool is_bad;  //  the last one was refused, and may be again, at another place
    uint64_t digest;
    message_json_t *pauses;  //  pause this reader after each element; NULL: none
} told_t;

static void
s_pause (const told_t *told)
{
    if (told->pauses)
        message_json_pause (told->pauses);
}

static void
s_accept (void *context, size_t index, const message_t *message)
{
    told_t *told = context;
    message_fault_t fault;
    g_assert (index == told->told++);
    told->is_bad = false;
    g_assert (message_check (message, &fault));
    g_assert (message_kind_is_known (message->kind));
    g_assert (message_content_hash (message) != 0);
    told->digest = digest_message (told->digest, index, message);
    s_pause (told);
}

static void
s_refuse (void *context, size_t index, const char *pointer, const char *detail)
{
    told_t *told = context;
    g_assert (index == told->told || (told->is_bad && index + 1 == told->told));
    told->told = index + 1;
    told->is_bad = true;
    g_assert (pointer[0] == '\0' || pointer[0] == '/' || g_str_has_prefix (pointer, "ce-"));
    g_assert (detail[0] != '\0' && g_utf8_validate (detail, -1, NULL));
    told->digest = digest_refusal (told->digest, index, pointer, detail);
    s_pause (told);
}

//  Read a copy of exactly the promised size, so that a sanitizer sees a byte read too many.
static told_t
s_read (message_json_t *reader, const uint8_t *body, size_t size, message_json_form_t form,
    const cloud_event_t *event, const char *behind, bool pauses)
{
    char *copy = g_malloc0 (size + MESSAGE_JSON_PADDING);
    if (size > 0)
        memcpy (copy, body, size);
    memcpy (copy + size, behind, strlen (behind));
    const char *detail = NULL;
    told_t told = {.pauses = pauses ? reader : NULL};
    message_json_result_t result =
        event
            ? message_json_read_data (reader, event, copy, size, s_accept, s_refuse, &told, &detail)
            : message_json_read (reader, copy, size, form, s_accept, s_refuse, &told, &detail);
    while (result == MESSAGE_JSON_PAUSED)
        result = message_json_go_on (reader, s_accept, s_refuse, &told);
    if (result == MESSAGE_JSON_BROKEN) {
        g_assert (told.told == 0);
        g_assert (detail[0] != '\0' && g_utf8_validate (detail, -1, NULL));
        told.digest = digest_bytes (told.digest, detail, strlen (detail));
    }
    g_free (copy);
    return told;
}

static void
s_read_twice (message_json_t *reader, const uint8_t *body, size_t size, message_json_form_t form,
    const cloud_event_t *event)
{
    told_t told = s_read (reader, body, size, form, event, "", false);
    told_t again = s_read (reader, body, size, form, event, "0\"}]}]},\"by\":1}", true);
    g_assert (told.told == again.told && told.digest == again.digest);
}

//  Take the lines of the attributes off; an empty line is an attribute that is not there.
static void
s_read_binary (message_json_t *reader, const uint8_t *data, size_t size)
{
    cloud_event_t event = {0};
    char *owned[CLOUD_EVENT_ATTRIBUTES_COUNT] = {NULL};
    for (int one = 0; one < CLOUD_EVENT_ATTRIBUTES_COUNT; one++) {
        const uint8_t *end = size > 0 ? memchr (data, '\n', size) : NULL;
        if (!end)
            break;
        char *value = g_strndup ((const char *) data, (size_t) (end - data));
        size_t decoded = 0;
        owned[one] = *value ? cloud_event_decode (value, &decoded) : NULL;
        if (*value)
            event.attributes[one] = owned[one] ? text_of (owned[one], decoded) : text_from ("");
        g_free (value);
        size -= (size_t) (end - data) + 1;
        data = end + 1;
    }
    s_read_twice (reader, data, size, MESSAGE_JSON_DOCUMENT, &event);
    for (int one = 0; one < CLOUD_EVENT_ATTRIBUTES_COUNT; one++)
        g_free (owned[one]);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    static const message_json_form_t forms[] = {
        MESSAGE_JSON_DOCUMENT, MESSAGE_JSON_LINES, MESSAGE_JSON_EVENT, MESSAGE_JSON_EVENTS};
    static message_json_t *reader;
    if (!reader)
        reader = message_json_new (MAX_BODY_BYTES);
    if (size == 0)
        return 0;
    if (data[0] % 8 < G_N_ELEMENTS (forms))
        s_read_twice (reader, data + 1, size - 1, forms[data[0] % 8], NULL);
    else
        s_read_binary (reader, data + 1, size - 1);
    return 0;
}
