//  Parse a text with simdjson, which checks all of it, even unknown members. simdjson does not
//  report the place of a fault; json_fault finds it.
//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/json_text.hpp"

#include <glib.h>

#include "common/bytes/json_fault.h"
#include "common/bytes/json_numbers.hpp"

using namespace simdjson;

#define MAX_DEPTH JSON_FAULT_MAX_DEPTH
#define MIN_CAPACITY 4096

static_assert (JSON_TEXT_PADDING >= SIMDJSON_PADDING, "simdjson reads further than we promise");

json_text_t::~json_text_t ()
{
    g_free (exact);
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

//  Copy the text, and rewrite its numbers. Return false if there was nothing to rewrite.
static bool
s_rewrite (json_text_t *self, text_t text)
{
    if (self->exact_capacity < text.size + JSON_TEXT_PADDING) {
        self->exact_capacity = text.size + JSON_TEXT_PADDING;
        self->exact = (char *) g_realloc (self->exact, self->exact_capacity);
    }
    memcpy (self->exact, text.data, text.size);
    memset (self->exact + text.size, ' ', JSON_TEXT_PADDING);
    self->is_exact = true;
    return json_numbers_rewrite (self->exact, text.size);
}

static error_code
s_parse_exact (json_text_t *self, text_t text, dom::element *root)
{
    return self->parser.parse_into_document (self->document, self->exact, text.size, false)
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
    self->is_exact = false;
    error_code error = s_parse_once (self, text, root);
    if (!error)
        return true;
    json_fault_t fault;
    bool found = error != DEPTH_ERROR && json_fault_find (text, &fault);
    if (error != DEPTH_ERROR && !found) {
        (void) s_rewrite (self, text);
        error = s_parse_exact (self, text, root);
    }
    bool is_plain = found && !fault.is_too_deep;
    if (error)
        s_explain (self, found && fault.is_too_deep ? DEPTH_ERROR : error,
            is_plain ? &fault : nullptr, is_line);
    return !error;
}

void
json_text_make_exact (json_text_t *self, text_t text, dom::element *root)
{
    if (!self->is_exact && s_rewrite (self, text) && s_parse_exact (self, text, root))
        g_error ("json_text: a text that was valid is not, once its numbers are rewritten");
}
