//  How deep JSON is nested. yajl frees the values of its trees recursively, and copies its stack every
//  128 levels, so brackets alone could exhaust our stack or take the square of their size. Pure.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_JSON_DEPTH_H
#define DOWNLINK_JSON_DEPTH_H

#include "common/text/text.h"

#define JSON_TREE_MAX_DEPTH 64

//  Return true if a text may become a tree: it nests JSON_TREE_MAX_DEPTH levels at most, if it is JSON,
//  and has no comments.
bool json_depth_is_bounded (text_t text);

#endif
