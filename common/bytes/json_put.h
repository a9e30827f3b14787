//  JSON strings and numbers as bytes. Each function writes at a place with enough room, and returns
//  the end of the bytes. json_writer.h writes whole texts. Pure functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_JSON_PUT_H
#define DOWNLINK_JSON_PUT_H

#include <stdint.h>

#include "common/text/text.h"

//  Room for a string of so many bytes, and for a number.
#define JSON_STRING_MAX(size) (2 + 6 * (size))
#define JSON_NUMBER_MAX 21

//  Write a string with its quotes. The text is valid UTF-8 and has data.
char *json_put_string (char *at, text_t text);

char *json_put_int (char *at, int64_t value);
char *json_put_uint (char *at, uint64_t value);

//  Copy bytes that are JSON already.
static inline char *
json_put_raw (char *at, text_t json)
{
    memcpy (at, json.data, json.size);
    return at + json.size;
}

#endif
