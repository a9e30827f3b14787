//  A set of field names that may hold more than was added, never less: a Bloom filter with one hash.
//  Most fields that a handler asks for are missing, and the set says so at once, where libmicrohttpd
//  compares the name with each line of the head. Pure functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_NAMES_H
#define DOWNLINK_HTTP_NAMES_H

#include <stdint.h>

#include "common/text/text.h"

typedef uint64_t http_names_t;  //  0: an empty set

//  Return the set of this name alone. Names that differ only in the case of letters have the same.
static inline http_names_t
http_names_of (text_t name)
{
    unsigned first = name.size ? (unsigned char) name.data[0] | 0x20u : 0;
    return 1ull << ((first + 5 * name.size) % 64);
}

//  Return false if the set has no such name for certain.
static inline bool
http_names_may_have (http_names_t self, text_t name)
{
    return (self & http_names_of (name)) != 0;
}

#endif
