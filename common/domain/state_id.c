//  SPDX-License-Identifier: Apache-2.0
#include "common/domain/state_id.h"

#include <glib.h>
#include <sys/random.h>

#include "common/text/digits.h"

//  Return true if a dash stands before this byte.
static bool
s_has_dash (size_t byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

state_id_t
state_id_new (void)
{
    state_id_t self;
    ssize_t random = getrandom (self.bytes, STATE_ID_SIZE, 0);
    g_assert (random == STATE_ID_SIZE);
    self.bytes[6] = (uint8_t) ((self.bytes[6] & 0x0f) | 0x40);
    self.bytes[8] = (uint8_t) ((self.bytes[8] & 0x3f) | 0x80);
    return self;
}

bool
state_id_is_known (const state_id_t *self)
{
    static const state_id_t unknown;
    return !state_id_equal (self, &unknown);
}

bool
state_id_equal (const state_id_t *a, const state_id_t *b)
{
    return memcmp (a->bytes, b->bytes, STATE_ID_SIZE) == 0;
}

void
state_id_text (const state_id_t *self, char text[STATE_ID_TEXT_SIZE])
{
    if (!state_id_is_known (self)) {
        g_strlcpy (text, "unknown", STATE_ID_TEXT_SIZE);
        return;
    }
    char *at = text;
    for (size_t byte = 0; byte < STATE_ID_SIZE; byte++) {
        if (s_has_dash (byte))
            *at++ = '-';
        digits_of_bytes (&self->bytes[byte], 1, at);
        at += 2;
    }
}

bool
state_id_parse (state_id_t *self, text_t text)
{
    if (text.size != STATE_ID_TEXT_SIZE - 1)
        return false;
    const char *at = text.data;
    for (size_t byte = 0; byte < STATE_ID_SIZE; byte++) {
        if (s_has_dash (byte) && *at++ != '-')
            return false;
        int high = g_ascii_xdigit_value (*at++);
        int low = g_ascii_xdigit_value (*at++);
        if (high < 0 || low < 0)
            return false;
        self->bytes[byte] = (uint8_t) (high << 4 | low);
    }
    return true;
}
