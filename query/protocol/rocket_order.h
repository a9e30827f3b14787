//  The orders a list of rockets can have: by one key, ascending or descending, ties by id, null
//  last. Keys compare as the API shows them, so that owners, the gateway that merges their lists,
//  and cursors agree. Pure functions.
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

//  A value of a key: null, a number or a text, never two of them.
typedef struct {
    bool is_null;
    int64_t number;  //  SORT_SPEED, SORT_LAST_NUMBER, and SORT_LAST_TIME in microseconds
    text_t text;     //  the others
} sort_value_t;

//  A place in an order: the rocket there, by its key's value and its id. Texts are borrowed.
typedef struct {
    sort_value_t value;
    text_t id;
} place_t;

//  Read "speed" or "-speed". False for a key that is none.
bool rocket_order_parse (text_t text, rocket_order_t *order) __attribute__ ((warn_unused_result));

#define ROCKET_ORDER_SIZE 32

//  And write it.
void rocket_order_print (const rocket_order_t *order, char text[ROCKET_ORDER_SIZE]);

//  The key's name as the API has it.
const char *sort_key_name (sort_key_t key);

//  True if the key's values are numbers, false if they are texts.
bool sort_key_is_number (sort_key_t key);

//  The place of a rocket; borrowed from the view.
place_t rocket_order_place (const rocket_order_t *self, const rocket_view_t *rocket);

//  Below zero if a comes before b, above if behind; 0 only for the same id.
int rocket_order_compare (const rocket_order_t *self, const place_t *a, const place_t *b);

#endif
