//  A state for every level that is open says what goes before the next value, and whether it must be
//  a name. A text is looked through eight bytes at a time: hardly any has something to escape.
//  SPDX-License-Identifier: Apache-2.0
#include "json_writer.h"

#include <glib.h>
#include <math.h>

#include "digits.h"

#define LEVELS_MAX 32
#define FIRST_BYTES 512  //  of the buffer, which then grows as needed
#define ESCAPED_BYTES 6  //  that a byte takes at most: \u001F
#define DOUBLE_BYTES 40  //  that a number in %.20g takes at most, with ".0" behind it

//  What comes next, on one level.
typedef enum {
    NEXT_FIRST_NAME,
    NEXT_NAME,
    NEXT_MEMBER,  //  the value of the name that was written
    NEXT_FIRST_ELEMENT,
    NEXT_ELEMENT,
    NEXT_TEXT,     //  the value that is the whole text
    NEXT_NOTHING,  //  it was written
} next_t;

static const struct {
    char before;  //  what goes before that value; 0: nothing
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

static void
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

static void
s_make_room (json_writer_t *self, size_t size)
{
    if (self->capacity - self->size >= size)
        return;
    self->capacity = MAX (2 * self->capacity, self->size + size);
    self->bytes = g_realloc (self->bytes, self->capacity);
}

//  Begin a value of at most so many bytes. Returns where to write it.
static char *
s_begin (json_writer_t *self, bool may_be_name, size_t size)
{
    next_t next = self->next[self->level];
    s_check (next != NEXT_NOTHING && (may_be_name || next > NEXT_NAME));
    s_make_room (self, size + 1);
    char *at = self->bytes + self->size;
    *at = s_steps[next].before;
    self->next[self->level] = s_steps[next].then;
    return at + (s_steps[next].before != 0);
}

//  The value ends before this place.
static void
s_end (json_writer_t *self, const char *at)
{
    self->size = (size_t) (at - self->bytes);
}

static char *
s_append (char *at, text_t text)
{
    memcpy (at, text.data, text.size);
    return at + text.size;
}

static void
s_put (json_writer_t *self, text_t value)
{
    s_end (self, s_append (s_begin (self, false, value.size), value));
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

//  How a byte of a string is written: 0: as it is, 'u': by its number, else as \ and this letter.
static char
s_escape (char byte)
{
    static const char controls[] = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu";
    if ((uint8_t) byte < ' ')
        return controls[(uint8_t) byte];
    return (char) (byte == '"' || byte == '\\' ? byte : 0);
}

//  Is one of eight bytes to be escaped? A subtraction borrows into the highest bit of a byte that is
//  below what is subtracted; the first one that does so tells the truth.
static bool
s_is_one_special (const char *bytes)
{
    const uint64_t ones = 0x0101010101010101;
    uint64_t word = 0;
    memcpy (&word, bytes, sizeof word);
    uint64_t quotes = word ^ ones * '"';
    uint64_t backslashes = word ^ ones * '\\';
    uint64_t found = ((word - ones * ' ') & ~word) | ((quotes - ones) & ~quotes) |
                     ((backslashes - ones) & ~backslashes);
    return (found & ones * 0x80) != 0;
}

//  How many bytes at the beginning are written as they are.
static size_t
s_plain_size (text_t text)
{
    size_t size = 0;
    while (text.size - size >= sizeof (uint64_t) && !s_is_one_special (text.data + size))
        size += sizeof (uint64_t);
    while (size < text.size && !s_escape (text.data[size]))
        size++;
    return size;
}

static char *
s_append_escaped (char *at, char byte)
{
    char escape = s_escape (byte);
    if (!escape) {
        *at = byte;
        return at + 1;
    }
    *at++ = '\\';
    *at++ = escape;
    if (escape != 'u')
        return at;
    *at++ = '0';
    *at++ = '0';
    *at++ = "0123456789ABCDEF"[(uint8_t) byte >> 4];
    *at++ = "0123456789ABCDEF"[(uint8_t) byte & 15];
    return at;
}

void
json_text (json_writer_t *self, text_t text)
{
    if (!text.data) {
        json_null (self);
        return;
    }
    size_t plain = s_plain_size (text);
    char *at = s_begin (self, true, 2 + plain + ESCAPED_BYTES * (text.size - plain));
    *at++ = '"';
    at = s_append (at, text_of (text.data, plain));
    for (size_t index = plain; index < text.size; index++)
        at = s_append_escaped (at, text.data[index]);
    *at++ = '"';
    s_end (self, at);
}

void
json_string (json_writer_t *self, const char *string)
{
    json_text (self, text_from (string));
}

void
json_int (json_writer_t *self, int64_t value)
{
    char room[DIGITS_MAX];
    bool is_negative = value < 0;
    text_t digits = digits_decimal (is_negative ? -(uint64_t) value : (uint64_t) value, room);
    char *at = s_begin (self, false, 1 + digits.size);
    *at = '-';
    s_end (self, s_append (at + is_negative, digits));
}

void
json_uint (json_writer_t *self, uint64_t value)
{
    char room[DIGITS_MAX];
    s_put (self, digits_decimal (value, room));
}

void
json_double (json_writer_t *self, double value)
{
    s_check (isfinite (value));
    char number[DOUBLE_BYTES];
    g_snprintf (number, sizeof number, "%.20g", value);
    if (!number[strspn (number, "-0123456789")])
        g_strlcat (number, ".0", sizeof number);
    s_put (self, text_from (number));
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
