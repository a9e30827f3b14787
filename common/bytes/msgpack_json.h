//  Answers from msgpack to JSON, value by value: what an owner says is shown.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_MSGPACK_JSON_H
#define DOWNLINK_MSGPACK_JSON_H

#include "common/bytes/json_writer.h"

//  Write one msgpack value as JSON. False if it is broken, or holds what an answer never does (binary,
//  floats, ext, or nesting of more than a few levels); the text is then not complete.
bool msgpack_json_write (json_writer_t *json, text_t msgpack) __attribute__ ((warn_unused_result));

#endif
