//  JSON's strings and numbers as bytes: put at a place that has room for them, they return where they
//  end. json_writer.h puts whole texts together. Pure functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_JSON_PUT_H
#define DOWNLINK_JSON_PUT_H

#include <stdint.h>

#include "common/text/text.h"

//  Room for a string of so many bytes, and for a number.
#define JSON_STRING_MAX(size) (2 + 6 * (size))
#define JSON_NUMBER_MAX 21

//  A string with its quotes; the text is valid UTF-8, and is there.
char *json_put_string (char *at, text_t text);

char *json_put_int (char *at, int64_t value);
char *json_put_uint (char *at, uint64_t value);

//  Bytes that are JSON already.
static inline char *
json_put_raw (char *at, text_t json)
{
    memcpy (at, json.data, json.size);
    return at + json.size;
}

#endif
