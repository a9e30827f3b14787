//  Copies of lists and places, for those who keep them longer than the bytes they were read from.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LIST_COPY_H
#define DOWNLINK_LIST_COPY_H

#include "query/protocol/query.h"

//  No text of a rocket has more bytes than MESSAGE_TEXT_MAX_BYTES. So a copy keeps one byte more of
//  a longer text: it equals no rocket's text, and stands at the same place among them.
#define LIST_COPY_TEXT_MAX_BYTES (MESSAGE_TEXT_MAX_BYTES + 1)

//  Copy a list with all its texts. Free the copy with list_copy_clear.
void list_copy (list_query_t *copy, const list_query_t *list);
void list_copy_clear (list_query_t *copy);

//  Copy a place with its texts. Free the copy with place_copy_clear.
void place_copy (place_t *copy, const place_t *place);
void place_copy_clear (place_t *copy);

#endif
