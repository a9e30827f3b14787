//  SPDX-License-Identifier: Apache-2.0
#include "curve/peer_line.h"

#include <glib.h>

#define FIELDS 3
#define RIGHTS 4

static const char *const s_rights[RIGHTS] = {"push", "ask", "announce", "acknowledge"};

static bool
s_is_space (char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

//  Split a line into fields. Return their number; one more than FIELDS for too many.
static size_t
s_split (text_t line, text_t fields[FIELDS])
{
    size_t count = 0;
    for (size_t at = 0; at < line.size;) {
        size_t start = at;
        while (at < line.size && !s_is_space (line.data[at]))
            at++;
        if (at > start && count == FIELDS)
            return FIELDS + 1;
        if (at > start)
            fields[count++] = text_of (line.data + start, at - start);
        while (at < line.size && s_is_space (line.data[at]))
            at++;
    }
    return count;
}

bool
peer_line_is_blank (text_t line)
{
    text_t fields[FIELDS];
    return s_split (line, fields) == 0 || fields[0].data[0] == '#';
}

static bool
s_read_name (char name[PEER_NAME_MAX + 1], text_t text)
{
    if (text.size > PEER_NAME_MAX)
        return false;
    for (size_t index = 0; index < text.size; index++)
        if (!g_ascii_isalnum (text.data[index]) && text.data[index] != '.' &&
            text.data[index] != '_' && text.data[index] != '-')
            return false;
    memcpy (name, text.data, text.size);
    name[text.size] = 0;
    return true;
}

//  Return the bit of a right; 0 for another word.
static unsigned
s_right (text_t word)
{
    for (unsigned index = 0; index < RIGHTS; index++)
        if (text_equal (word, text_from (s_rights[index])))
            return 1u << index;
    return 0;
}

static bool
s_read_rights (unsigned *rights, text_t text)
{
    *rights = 0;
    for (size_t start = 0; start <= text.size;) {
        const char *comma = memchr (text.data + start, ',', text.size - start);
        size_t end = comma ? (size_t) (comma - text.data) : text.size;
        unsigned right = s_right (text_of (text.data + start, end - start));
        if (right == 0 || (*rights & right))
            return false;
        *rights |= right;
        start = end + 1;
    }
    return true;
}

const char *
peer_line_read (peer_line_t *self, text_t line)
{
    text_t fields[FIELDS];
    *self = (peer_line_t){0};
    if (s_split (line, fields) != FIELDS)
        return "a line has the fields NAME RIGHTS PUBLIC-KEY";
    if (!s_read_name (self->name, fields[0]))
        return "a name has 1 to 64 letters, digits, dots, dashes and underscores";
    if (!s_read_rights (&self->rights, fields[1]))
        return "RIGHTS are push, ask, announce and acknowledge, each once, with commas between";
    if (!socket_key_read (self->key, fields[2]))
        return "a public key has 40 characters of ZeroMQ's Z85";
    return NULL;
}

char *
peer_line_print (const peer_line_t *self)
{
    char key[SOCKET_KEY_TEXT_SIZE];
    GString *line = g_string_new (self->name);
    char separator = ' ';
    for (unsigned index = 0; index < RIGHTS; index++)
        if (self->rights & 1u << index) {
            g_string_append_printf (line, "%c%s", separator, s_rights[index]);
            separator = ',';
        }
    socket_key_print (self->key, key);
    g_string_append_printf (line, " %s\n", key);
    return g_string_free (line, FALSE);
}
