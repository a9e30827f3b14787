//  SPDX-License-Identifier: Apache-2.0
#include "common/access/access_line.h"

#include <glib.h>

static bool
s_is_space (char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

size_t
access_line_split (text_t line, text_t *fields, size_t max)
{
    size_t count = 0;
    for (size_t at = 0; at < line.size;) {
        size_t start = at;
        while (at < line.size && !s_is_space (line.data[at]))
            at++;
        if (at > start && count == max)
            return max + 1;
        if (at > start)
            fields[count++] = text_of (line.data + start, at - start);
        while (at < line.size && s_is_space (line.data[at]))
            at++;
    }
    return count;
}

bool
access_line_is_blank (text_t line)
{
    text_t first;
    return access_line_split (line, &first, 1) == 0 || first.data[0] == '#';
}

bool
access_name_is_good (text_t name)
{
    if (name.size == 0 || name.size > ACCESS_NAME_MAX)
        return false;
    for (size_t index = 0; index < name.size; index++)
        if (!g_ascii_isalnum (name.data[index]) && name.data[index] != '.' &&
            name.data[index] != '_' && name.data[index] != '-')
            return false;
    return true;
}
