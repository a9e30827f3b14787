//  Copy lists and places, so that the copies outlive the bytes that the originals point into.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LIST_COPY_H
#define DOWNLINK_LIST_COPY_H

#include "query/protocol/query.h"

//  No text of a rocket is longer than MESSAGE_TEXT_MAX_BYTES. So a copy of a longer text needs only
//  one byte more: it equals no text of a rocket, and has the same place among them.
#define LIST_COPY_TEXT_MAX_BYTES (MESSAGE_TEXT_MAX_BYTES + 1)

//  Copy a list with all its texts. Free the copy with list_copy_clear.
void list_copy (list_query_t *copy, const list_query_t *list);
void list_copy_clear (list_query_t *copy);

//  Copy a place with its texts. Free the copy with place_copy_clear.
void place_copy (place_t *copy, const place_t *place);
void place_copy_clear (place_t *copy);

#endif
