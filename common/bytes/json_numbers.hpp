//  Rewrite the numbers of a JSON text so that simdjson holds each of them, and rounds none. A pure
//  function.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_JSON_NUMBERS_HPP
#define DOWNLINK_JSON_NUMBERS_HPP

#include <cstddef>

//  Rewrite in place the numbers of a text that is valid JSON, apart from the size of its numbers:
//  an integer in another form, such as 3000.0 or 30e2, has the shortest form afterwards, and each
//  other number that is no integer of at most 18 digits becomes 0.5. Blanks fill the rest. Return
//  true if a number was rewritten.
bool json_numbers_rewrite (char *text, size_t size);

#endif
