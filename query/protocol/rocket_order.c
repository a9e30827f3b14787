//  SPDX-License-Identifier: Apache-2.0
#include "query/protocol/rocket_order.h"

#include <glib.h>

static const char *const s_names[] = {
    [SORT_ID] = "id",
    [SORT_TYPE] = "type",
    [SORT_SPEED] = "speed",
    [SORT_MISSION] = "mission",
    [SORT_STATUS] = "status",
    [SORT_LAST_TIME] = "lastMessageTime",
    [SORT_LAST_NUMBER] = "lastMessageNumber",
};

bool
rocket_order_parse (text_t text, rocket_order_t *order)
{
    order->descending = text.size > 0 && text.data[0] == '-';
    if (order->descending)
        text = text_of (text.data + 1, text.size - 1);
    for (sort_key_t key = SORT_ID; key <= SORT_LAST_NUMBER; key++) {
        if (text_equal (text, text_from (s_names[key]))) {
            order->key = key;
            return true;
        }
    }
    return false;
}

void
rocket_order_print (const rocket_order_t *order, char text[ROCKET_ORDER_SIZE])
{
    g_snprintf (
        text, ROCKET_ORDER_SIZE, "%s%s", order->descending ? "-" : "", sort_key_name (order->key));
}

const char *
sort_key_name (sort_key_t key)
{
    return s_names[key];
}

bool
sort_key_is_number (sort_key_t key)
{
    return key == SORT_SPEED || key == SORT_LAST_TIME || key == SORT_LAST_NUMBER;
}

static sort_value_t
s_text_value (text_t text)
{
    return (sort_value_t){.is_null = text.data == NULL, .text = text};
}

static sort_value_t
s_value (sort_key_t key, const rocket_view_t *rocket)
{
    switch (key) {
    case SORT_ID:
        return s_text_value (rocket->id);
    case SORT_TYPE:
        return s_text_value (rocket->type);
    case SORT_SPEED:
        return (sort_value_t){.number = rocket->speed};
    case SORT_MISSION:
        return s_text_value (rocket->mission);
    case SORT_STATUS:
        return s_text_value (text_from (rocket_status_name (rocket->status)));
    case SORT_LAST_TIME:
        return (sort_value_t){.number = rocket->last_time_us};
    case SORT_LAST_NUMBER:
        return (sort_value_t){.number = (int64_t) rocket->last_number};
    }
    return (sort_value_t){.is_null = true};
}

place_t
rocket_order_place (const rocket_order_t *self, const rocket_view_t *rocket)
{
    return (place_t){s_value (self->key, rocket), rocket->id};
}

int
rocket_order_compare (const rocket_order_t *self, const place_t *a, const place_t *b)
{
    int order = 0;
    if (a->value.is_null || b->value.is_null)
        order = a->value.is_null - b->value.is_null;  //  null is last in both directions
    else {
        order = sort_key_is_number (self->key)
                    ? (a->value.number > b->value.number) - (a->value.number < b->value.number)
                    : text_compare (a->value.text, b->value.text);
        if (self->descending)
            order = (order < 0) - (order > 0);
    }
    return order ? order : text_compare (a->id, b->id);
}
