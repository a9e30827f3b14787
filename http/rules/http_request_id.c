//  SPDX-License-Identifier: Apache-2.0
#include "http/rules/http_request_id.h"

#include <glib.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "common/text/digits.h"

#define TRACE_VERSION_SIZE 2
#define TRACE_ID_SIZE 32
#define TRACE_SIZE 55  //  of version 00: version-id-parent-flags
#define MADE_BYTES 16

static bool
s_is_sane (text_t id)
{
    for (size_t index = 0; index < id.size; index++)
        if (id.data[index] == 0 ||
            (!g_ascii_isalnum (id.data[index]) && !strchr ("-_.:/+=@~", id.data[index])))
            return false;
    return id.size > 0 && id.size <= REQUEST_ID_MAX_BYTES;
}

//  Return true if these are hexadecimal digits in lower case, and not all of them not_only.
static bool
s_is_number (text_t digits, char not_only)
{
    bool has_other = false;
    for (size_t index = 0; index < digits.size; index++) {
        char digit = digits.data[index];
        if (!g_ascii_isdigit (digit) && (digit < 'a' || digit > 'f'))
            return false;
        has_other = has_other || digit != not_only;
    }
    return has_other;
}

//  Later versions may have more behind the flags. Version ff and an id of zeros are invalid.
static bool
s_is_trace (text_t value, text_t *id)
{
    if (value.size < TRACE_SIZE || (value.size > TRACE_SIZE && value.data[TRACE_SIZE] != '-'))
        return false;
    bool is_first = strncmp (value.data, "00", TRACE_VERSION_SIZE) == 0;
    *id = text_of (value.data + TRACE_VERSION_SIZE + 1, TRACE_ID_SIZE);
    return (!is_first || value.size == TRACE_SIZE) && value.data[2] == '-' &&
           value.data[35] == '-' && value.data[52] == '-' &&
           s_is_number (text_of (value.data, TRACE_VERSION_SIZE), 'f') && s_is_number (*id, '0') &&
           s_is_number (text_of (value.data + 36, 16), '0') &&
           s_is_number (text_of (value.data + 53, 2), 0);
}

request_id_source_t
request_id_read (http_field_t field, text_t value, text_t *id)
{
    if (field == HTTP_FIELD_X_REQUEST_ID && s_is_sane (value)) {
        *id = value;
        return REQUEST_ID_GIVEN;
    }
    if (field == HTTP_FIELD_TRACEPARENT && s_is_trace (value, id))
        return REQUEST_ID_TRACE;
    return REQUEST_ID_NONE;
}

void
request_id_make (char id[REQUEST_ID_MADE_SIZE])
{
    uint8_t bytes[MADE_BYTES];
    ssize_t size = getrandom (bytes, sizeof bytes, 0);
    g_assert (size == sizeof bytes);
    digits_of_bytes (bytes, sizeof bytes, id);
}
