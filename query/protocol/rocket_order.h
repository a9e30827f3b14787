//  The orders of lists: by one key, ascending or descending; equal values by id; null last. Keys
//  compare as the API shows them, so that owners, the gateway that merges their lists, and cursors
//  agree. Pure functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ROCKET_ORDER_H
#define DOWNLINK_ROCKET_ORDER_H

#include "common/domain/rocket.h"
#include "common/text/timestamp.h"

typedef enum {
    SORT_ID,
    SORT_TYPE,
    SORT_SPEED,
    SORT_MISSION,
    SORT_STATUS,
    SORT_LAST_TIME,
    SORT_LAST_NUMBER,
} sort_key_t;

typedef struct {
    sort_key_t key;
    bool descending;
} rocket_order_t;

//  A value of a key: null, a number or a text.
typedef struct {
    bool is_null;
    int64_t number;  //  SORT_SPEED, SORT_LAST_NUMBER, and SORT_LAST_TIME in microseconds
    text_t text;     //  of the other keys
} sort_value_t;

//  A place in an order: the value and the id of a rocket. Texts are borrowed.
typedef struct {
    sort_value_t value;
    text_t id;
} place_t;

//  Read an order, for example "speed" or "-speed". Return false for an unknown key.
bool rocket_order_parse (text_t text, rocket_order_t *order) __attribute__ ((warn_unused_result));

#define ROCKET_ORDER_SIZE 32

//  Write an order in the same form.
void rocket_order_print (const rocket_order_t *order, char text[ROCKET_ORDER_SIZE]);

//  Return the name of a key in the API.
const char *sort_key_name (sort_key_t key);

//  Return true if the values of a key are numbers, false if they are texts.
bool sort_key_is_number (sort_key_t key);

//  Return the place of a rocket, borrowed from the view.
place_t rocket_order_place (const rocket_order_t *self, const rocket_view_t *rocket);

//  Return a number below 0 if a is in front of b, above 0 if it is behind b, 0 only for the same
//  id.
int rocket_order_compare (const rocket_order_t *self, const place_t *a, const place_t *b);

#endif
