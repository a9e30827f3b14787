//  simdjson checks the whole text, with unknown members. It does not report the place of a fault,
//  which json_fault finds.
//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/json_text.hpp"

#include <glib.h>

#include "common/bytes/json_fault.h"

using namespace simdjson;

#define MAX_DEPTH JSON_FAULT_MAX_DEPTH
#define MIN_CAPACITY 4096

static_assert (JSON_TEXT_PADDING >= SIMDJSON_PADDING, "simdjson reads further than we promise");

json_text_t::~json_text_t ()
{
    g_free (tamed);
}

//  Double the room for texts, so that slowly growing bodies cost little.
static void
s_reserve (json_text_t *self, size_t size)
{
    if (size <= self->document.capacity ())
        return;
    size_t capacity = MIN_CAPACITY;
    while (capacity < size)
        capacity *= 2;
    capacity = MIN (capacity, MAX (self->max_bytes, (size_t) MIN_CAPACITY));
    if (self->document.allocate (capacity) || self->parser.allocate (capacity, MAX_DEPTH))
        g_error ("json_text: out of memory for a body of %zu bytes", size);
}

//  simdjson refuses numbers beyond 64 bits and beyond a double, which are valid JSON. No member of
//  ours takes a number with a fraction, an exponent or more than 18 digits. So replace each of them
//  by 0.5, which no member takes either, and blanks. Apart from that the text must be valid JSON.
static void
s_tame_numbers (char *text, size_t size)
{
    bool in_string = false;
    for (size_t at = 0; at < size; at++) {
        if (text[at] == '"')
            in_string = !in_string;
        else if (in_string && text[at] == '\\')
            at++;
        else if (!in_string && (text[at] == '-' || g_ascii_isdigit (text[at]))) {
            std::string_view number (text + at, size - at);
            number = number.substr (0, number.find_first_not_of ("+-.0123456789eE"));
            if (number.size () > 18 || number.find_first_of (".eE") != number.npos) {
                memset (text + at, ' ', number.size ());
                memcpy (text + at, "0.5", 3);
            }
            at += number.size () - 1;
        }
    }
}

static error_code
s_parse_tamed (json_text_t *self, text_t text, dom::element *root)
{
    if (self->tamed_capacity < text.size + JSON_TEXT_PADDING) {
        self->tamed_capacity = text.size + JSON_TEXT_PADDING;
        self->tamed = (char *) g_realloc (self->tamed, self->tamed_capacity);
    }
    memcpy (self->tamed, text.data, text.size);
    memset (self->tamed + text.size, ' ', JSON_TEXT_PADDING);
    s_tame_numbers (self->tamed, text.size);
    return self->parser.parse_into_document (self->document, self->tamed, text.size, false)
        .get (*root);
}

//  Return a sentence for simdjson's error, if json_fault finds nothing.
static const char *
s_words (error_code error)
{
    switch (error) {
    case DEPTH_ERROR:
        return "is nested deeper than " G_STRINGIFY (MAX_DEPTH) " levels";
    case STRING_ERROR:
        return "is no JSON: a string holds half of a surrogate pair";
    case UNCLOSED_STRING:
        return "is no JSON: a string does not end";
    default:
        return "is no JSON: it holds something that does not belong there";
    }
}

static void
s_explain (json_text_t *self, error_code error, const json_fault_t *fault, bool is_line)
{
    char *detail = self->detail;
    size_t size = sizeof self->detail;
    if (!fault)
        g_snprintf (detail, size, "%s%s", is_line ? "" : "the body ", s_words (error));
    else if (is_line)
        g_snprintf (detail, size, "is no JSON near column %zu: %s", fault->column, fault->what);
    else
        g_snprintf (detail, size, "the body is no JSON near line %zu, column %zu: %s", fault->line,
            fault->column, fault->what);
}

bool
json_text_has_mark (text_t text)
{
    return text.size >= 3 && memcmp (text.data, "\xef\xbb\xbf", 3) == 0;
}

//  simdjson 3.12 skips a byte order mark that 3.0 refuses. Refuse it: the caller has removed the
//  one that is allowed before a body.
static error_code
s_parse_once (json_text_t *self, text_t text, dom::element *root)
{
    if (json_text_has_mark (text))
        return TAPE_ERROR;
    return self->parser.parse_into_document (self->document, text.data, text.size, false)
        .get (*root);
}

//  The error for a number beyond 64 bits differs between versions of simdjson, so every error
//  without a visible fault gets the second try.
bool
json_text_parse (json_text_t *self, text_t text, bool is_line, dom::element *root)
{
    s_reserve (self, text.size);
    error_code error = s_parse_once (self, text, root);
    if (!error)
        return true;
    json_fault_t fault;
    bool found = error != DEPTH_ERROR && json_fault_find (text, &fault);
    if (error != DEPTH_ERROR && !found)
        error = s_parse_tamed (self, text, root);
    bool is_plain = found && !fault.is_too_deep;
    if (error)
        s_explain (self, found && fault.is_too_deep ? DEPTH_ERROR : error,
            is_plain ? &fault : nullptr, is_line);
    return !error;
}
