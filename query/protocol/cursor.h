//  Cursors: the place where a page of a list ended, as opaque text for a URL or a flag.
//  Pure functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CURSOR_H
#define DOWNLINK_CURSOR_H

#include "query/protocol/query.h"

//  Return the cursor for a place in an order; the caller frees it with g_free.
char *cursor_write (const rocket_order_t *order, const place_t *place);

//  Read a cursor. Return false if it is damaged or of another order. The texts of the place point
//  into *bytes, which the caller frees with g_free in either case.
bool cursor_read (const rocket_order_t *order, const char *cursor, place_t *place, void **bytes)
    __attribute__ ((warn_unused_result));

#endif
