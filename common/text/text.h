//  Borrowed bytes: a name, a reason, a piece of a buffer. They have an owner elsewhere and no
//  terminator.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TEXT_H
#define DOWNLINK_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

typedef struct {
    const char *data;  //  NULL: there is no text, which differs from an empty text
    size_t size;       //  bytes
} text_t;

//  Return a text of these bytes, borrowed.
static inline text_t
text_of (const char *data, size_t size)
{
    text_t text = {data, size};
    return text;
}

//  Return a text of a terminated string, borrowed; no text for NULL.
static inline text_t
text_from (const char *string)
{
    return text_of (string, string ? strlen (string) : 0);
}

static inline bool
text_equal (text_t a, text_t b)
{
    return a.size == b.size && (a.size == 0 || memcmp (a.data, b.data, a.size) == 0);
}

//  Return true if the text begins with the word, or is the word. ASCII letters match in either
//  case.
static inline bool
text_begins_with_word (text_t text, const char *word)
{
    size_t size = strlen (word);
    return text.size >= size && strncasecmp (text.data, word, size) == 0;
}

static inline bool
text_is_word (text_t text, const char *word)
{
    return text.size == strlen (word) && strncasecmp (text.data, word, text.size) == 0;
}

//  Return the text without the spaces and tabs at both ends.
static inline text_t
text_strip (text_t text)
{
    while (text.size > 0 && (*text.data == ' ' || *text.data == '\t'))
        text = text_of (text.data + 1, text.size - 1);
    while (text.size > 0 && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t'))
        text.size--;
    return text;
}

//  Compare bytes as memcmp does: return less than, equal to or greater than zero. A prefix comes
//  first.
static inline int
text_compare (text_t a, text_t b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common && a.data && b.data ? memcmp (a.data, b.data, common) : 0;
    if (order == 0)
        order = (a.size > b.size) - (a.size < b.size);
    return order;
}

#endif
