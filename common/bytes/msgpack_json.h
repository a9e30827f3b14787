//  Convert the replies of owners from msgpack to JSON.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_MSGPACK_JSON_H
#define DOWNLINK_MSGPACK_JSON_H

#include "common/bytes/json_writer.h"

//  Write one msgpack value as JSON. Return false if the value is broken, or has a kind that replies
//  never have (binary, float, ext, deep nesting): then the text is incomplete.
bool msgpack_json_write (json_writer_t *json, text_t msgpack) __attribute__ ((warn_unused_result));

#endif
