//  SPDX-License-Identifier: Apache-2.0
#include "curve/peer_line.h"

#include <glib.h>

#define FIELDS 3
#define RIGHTS 4

static const char *const s_rights[RIGHTS] = {"push", "ask", "announce", "acknowledge"};

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
    if (access_line_split (line, fields, FIELDS) != FIELDS)
        return "a line has the fields NAME RIGHTS PUBLIC-KEY";
    if (!access_name_is_good (fields[0]))
        return ACCESS_NAME_FAULT;
    memcpy (self->name, fields[0].data, fields[0].size);
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
