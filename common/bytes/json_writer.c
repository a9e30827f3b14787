//  Every open level has a state: the byte before the next value, and whether a name must come next.
//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/json_writer.h"

#include <glib.h>
#include <math.h>

#include "common/bytes/json_put.h"

#define LEVELS_MAX 32
#define FIRST_BYTES 512  //  of the buffer at first
#define DECIMALS_MAX 9
#define DECIMAL_BYTES 352  //  the digits of the largest double, and the decimals

//  The next thing on one level.
typedef enum {
    NEXT_FIRST_NAME,
    NEXT_NAME,
    NEXT_MEMBER,  //  the value after a name
    NEXT_FIRST_ELEMENT,
    NEXT_ELEMENT,
    NEXT_TEXT,     //  the value of the whole text
    NEXT_NOTHING,  //  the text is complete
} next_t;

static const struct {
    char before;  //  the byte before that value; 0: none
    uint8_t then;
} s_steps[] = {
    [NEXT_FIRST_NAME] = {0, NEXT_MEMBER},
    [NEXT_NAME] = {',', NEXT_MEMBER},
    [NEXT_MEMBER] = {':', NEXT_NAME},
    [NEXT_FIRST_ELEMENT] = {0, NEXT_ELEMENT},
    [NEXT_ELEMENT] = {',', NEXT_ELEMENT},
    [NEXT_TEXT] = {0, NEXT_NOTHING},
};

struct json_writer {
    char *bytes;
    size_t size;
    size_t capacity;
    unsigned level;
    uint8_t next[LEVELS_MAX];  //  of next_t, by level
};

static inline void
s_check (bool is_good)
{
    if (!is_good)
        g_error ("json_writer: misused");
}

json_writer_t *
json_writer_new (void)
{
    json_writer_t *self = g_new0 (json_writer_t, 1);
    self->capacity = FIRST_BYTES;
    self->bytes = g_malloc (self->capacity);
    json_writer_reset (self);
    return self;
}

void
json_writer_destroy (json_writer_t **self_p)
{
    json_writer_t *self = *self_p;
    if (!self)
        return;
    g_free (self->bytes);
    g_free (self);
    *self_p = NULL;
}

void
json_writer_reset (json_writer_t *self)
{
    self->size = 0;
    self->level = 0;
    self->next[0] = NEXT_TEXT;
}

static inline void
s_make_room (json_writer_t *self, size_t size)
{
    if (G_LIKELY (self->capacity - self->size >= size))
        return;
    self->capacity = MAX (2 * self->capacity, self->size + size);
    self->bytes = g_realloc (self->bytes, self->capacity);
}

//  Begin a name or a value.
static inline char *
s_begin (json_writer_t *self, bool may_be_name, size_t most)
{
    next_t next = self->next[self->level];
    s_check (next != NEXT_NOTHING && (may_be_name || next > NEXT_NAME));
    s_make_room (self, most + 1);
    char *at = self->bytes + self->size;
    *at = s_steps[next].before;
    return at + (s_steps[next].before != 0);
}

static inline void
s_end (json_writer_t *self, const char *end)
{
    self->size = (size_t) (end - self->bytes);
    self->next[self->level] = s_steps[self->next[self->level]].then;
}

char *
json_begin_value (json_writer_t *self, size_t most)
{
    return s_begin (self, false, most);
}

void
json_end_value (json_writer_t *self, const char *end)
{
    s_end (self, end);
}

static void
s_put (json_writer_t *self, text_t value)
{
    s_end (self, json_put_raw (s_begin (self, false, value.size), value));
}

static void
s_open (json_writer_t *self, const char *bracket, next_t next)
{
    s_put (self, text_from (bracket));
    s_check (self->level < LEVELS_MAX - 1);
    self->next[++self->level] = (uint8_t) next;
}

static void
s_close (json_writer_t *self, char bracket, next_t first, next_t later)
{
    next_t next = self->next[self->level];
    s_check (self->level > 0 && (next == first || next == later));
    self->level--;
    s_make_room (self, 1);
    self->bytes[self->size++] = bracket;
}

void
json_begin_object (json_writer_t *self)
{
    s_open (self, "{", NEXT_FIRST_NAME);
}

void
json_end_object (json_writer_t *self)
{
    s_close (self, '}', NEXT_FIRST_NAME, NEXT_NAME);
}

void
json_begin_array (json_writer_t *self)
{
    s_open (self, "[", NEXT_FIRST_ELEMENT);
}

void
json_end_array (json_writer_t *self)
{
    s_close (self, ']', NEXT_FIRST_ELEMENT, NEXT_ELEMENT);
}

void
json_key (json_writer_t *self, const char *name)
{
    json_string (self, name);
}

void
json_text (json_writer_t *self, text_t text)
{
    if (text.data)
        s_end (self, json_put_string (s_begin (self, true, JSON_STRING_MAX (text.size)), text));
    else
        json_null (self);
}

void
json_string (json_writer_t *self, const char *string)
{
    json_text (self, text_from (string));
}

void
json_int (json_writer_t *self, int64_t value)
{
    s_end (self, json_put_int (s_begin (self, false, JSON_NUMBER_MAX), value));
}

void
json_uint (json_writer_t *self, uint64_t value)
{
    s_end (self, json_put_uint (s_begin (self, false, JSON_NUMBER_MAX), value));
}

void
json_decimal (json_writer_t *self, double value, unsigned decimals)
{
    s_check (isfinite (value) && decimals <= DECIMALS_MAX);
    char number[DECIMAL_BYTES];
    size_t size = (size_t) g_snprintf (number, sizeof number, "%.*f", (int) decimals, value);
    while (decimals > 0 && number[size - 1] == '0')
        size--;
    size -= number[size - 1] == '.';
    s_put (self, text_of (number, size));
}

void
json_bool (json_writer_t *self, bool value)
{
    s_put (self, text_from (value ? "true" : "false"));
}

void
json_null (json_writer_t *self)
{
    s_put (self, text_from ("null"));
}

text_t
json_writer_text (const json_writer_t *self)
{
    return text_of (self->bytes, self->size);
}

text_t
json_writer_line (json_writer_t *self)
{
    s_make_room (self, 1);
    self->bytes[self->size] = '\n';
    return text_of (self->bytes, self->size + 1);
}
