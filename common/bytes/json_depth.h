//  Check how deep JSON is nested. yajl frees its trees recursively, and copies its stack every 128
//  levels, so brackets alone could exhaust our stack, or take time that grows with the square of
//  their number. A pure function.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_JSON_DEPTH_H
#define DOWNLINK_JSON_DEPTH_H

#include "common/text/text.h"

#define JSON_TREE_MAX_DEPTH 64

//  Return true if it is safe to make a tree of a text: it has no comments, and nests at most
//  JSON_TREE_MAX_DEPTH levels if it is JSON.
bool json_depth_is_bounded (text_t text);

#endif
