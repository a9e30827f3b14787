//  SPDX-License-Identifier: Apache-2.0
#include "common/domain/state_mark.h"

#include <glib.h>

static const char *const s_words[] = {
    [STATE_UNMARKED] = "",
    [STATE_UNFINISHED] = "unfinished ",
    [STATE_MOVED] = "moved ",
};

bool
state_mark_equal (const state_mark_t *a, const state_mark_t *b)
{
    return a->phase == b->phase &&
           (a->phase == STATE_UNMARKED || state_id_equal (&a->other, &b->other));
}

void
state_mark_text (const state_mark_t *self, char text[STATE_MARK_TEXT_SIZE])
{
    char other[STATE_ID_TEXT_SIZE];
    state_id_text (&self->other, other);
    text[0] = '\0';
    if (self->phase != STATE_UNMARKED)
        g_snprintf (
            text, STATE_MARK_TEXT_SIZE, "%s%s %s", s_words[self->phase], other, self->place);
}

bool
state_mark_parse (state_mark_t *self, text_t text)
{
    *self = (state_mark_t){0};
    if (text.size == 0)
        return true;
    for (state_phase_t phase = STATE_UNFINISHED; phase <= STATE_MOVED; phase++) {
        size_t size = strlen (s_words[phase]);
        size_t head = size + STATE_ID_TEXT_SIZE;  //  with the space behind the UUID
        if (text.size < head || text.size - head >= STATE_PLACE_SIZE ||
            memcmp (text.data, s_words[phase], size) != 0)
            continue;
        self->phase = phase;
        memcpy (self->place, text.data + head, text.size - head);
        return state_id_parse (&self->other, text_of (text.data + size, STATE_ID_TEXT_SIZE - 1));
    }
    return false;
}
