//  Parse a JSON text with simdjson, and add two things that it lacks: a sentence about a fault with
//  its place, and numbers of any size in unknown members. One thread uses a json_text_t for many
//  texts.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_JSON_TEXT_HPP
#define DOWNLINK_JSON_TEXT_HPP

//  text.h is C, and its compound literals are no ISO C++.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#include "common/text/text.h"
#pragma GCC diagnostic pop

#include <simdjson.h>

//  Bytes behind a text that must be readable.
#define JSON_TEXT_PADDING 64

struct json_text_t {
    simdjson::dom::parser parser{};
    simdjson::dom::document document{};  //  the last text; it holds all strings
    size_t max_bytes = 0;                //  of a text
    char *exact = nullptr;  //  a copy of a text with numbers that simdjson holds without rounding
    size_t exact_capacity = 0;
    bool is_exact = false;  //  the last text has only such numbers
    char detail[256] = "";  //  the reason why the last text was refused

    json_text_t () = default;
    json_text_t (const json_text_t &) = delete;
    json_text_t &operator= (const json_text_t &) = delete;
    ~json_text_t ();
};

//  Parse a text that is followed by padding. is_line: the text is one line of many. Return false if
//  it is not JSON or nested too deep: then self->detail says why. The root is valid until the next
//  call.
bool json_text_parse (json_text_t *self, text_t text, bool is_line, simdjson::dom::element *root);

//  Parse the last text again, if it has numbers that simdjson may have rounded, with those that are
//  no integers replaced by 0.5: so a double that is whole is exactly what the text says. Then
//  self->is_exact is set.
void json_text_make_exact (json_text_t *self, text_t text, simdjson::dom::element *root);

//  Return true if the text begins with a byte order mark.
bool json_text_has_mark (text_t text);

#endif
