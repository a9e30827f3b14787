//  A rocket's map as the JSON that clients of the gateway get. Pure functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ROCKET_JSON_H
#define DOWNLINK_ROCKET_JSON_H

#include "common/bytes/json_writer.h"

//  Write a map like msgpack_json_write, but in a quarter of the time if it has the members of
//  rocket_map_write in the same order. Return false if the map is damaged.
bool rocket_json_write (json_writer_t *json, text_t map) __attribute__ ((warn_unused_result));

#endif
