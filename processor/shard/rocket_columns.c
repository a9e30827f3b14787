//  SPDX-License-Identifier: Apache-2.0
#include "processor/shard/rocket_columns.h"

#include <glib.h>

#define ROOM_MIN 16
#define TEXTS_MAX 1024  //  that are sorted for a list: some 0.1 ms

struct rocket_columns {
    size_t room;
    uint64_t *ids;  //  the first eight bytes
    int64_t *speeds;
    int64_t *times;
    uint32_t *numbers;  //  of the last messages; UINT32_MAX: this or a higher one
    uint32_t *types;    //  codes of the texts in the pool; the next one too
    uint32_t *missions;
    uint8_t *statuses;  //  ROCKET_STATUSES and above: there is no rocket to show
};

//  The rows that can be among the first of a selection.
typedef struct {
    const rocket_columns_t *columns;
    const text_pool_t *pool;
    const uint32_t *ranks;  //  of the texts, by code, if the order is by a text
    const rocket_order_t *order;
    uint64_t flip;    //  a value XOR this is a key: unsigned, rising in the order of the list
    uint64_t low;     //  the lowest key: that of the cursor
    uint64_t low_id;  //  of rows with this key, the lowest id
    uint64_t high;    //  likewise, of the last chosen rocket
    uint64_t high_id;
    uint8_t status;    //  ROCKET_STATUSES: any
    uint32_t type;     //  the code; 0: any
    uint32_t mission;  //  likewise
} rows_wanted_t;

static void
s_resize (rocket_columns_t *self, size_t room)
{
    self->room = room;
    self->ids = g_renew (uint64_t, self->ids, self->room);
    self->speeds = g_renew (int64_t, self->speeds, self->room);
    self->times = g_renew (int64_t, self->times, self->room);
    self->numbers = g_renew (uint32_t, self->numbers, self->room);
    self->types = g_renew (uint32_t, self->types, self->room);
    self->missions = g_renew (uint32_t, self->missions, self->room);
    self->statuses = g_renew (uint8_t, self->statuses, self->room);
}

rocket_columns_t *
rocket_columns_new (size_t room)
{
    rocket_columns_t *self = g_new0 (rocket_columns_t, 1);
    s_resize (self, room);
    return self;
}

void
rocket_columns_destroy (rocket_columns_t **self_p)
{
    rocket_columns_t *self = *self_p;
    if (!self)
        return;
    g_free (self->ids);
    g_free (self->speeds);
    g_free (self->times);
    g_free (self->numbers);
    g_free (self->types);
    g_free (self->missions);
    g_free (self->statuses);
    g_free (self);
    *self_p = NULL;
}

//  Return the first bytes of an id as a number that orders like the id.
static uint64_t
s_prefix (text_t id)
{
    guint64 prefix = 0;
    if (id.size > 0)
        memcpy (&prefix, id.data, MIN (id.size, sizeof prefix));
    return GUINT64_FROM_BE (prefix);
}

//  Set the columns that every message can change.
static void
s_set_motion (rocket_columns_t *self, size_t place, const rocket_keys_t *keys)
{
    self->speeds[place] = keys->speed;
    self->times[place] = keys->last_time_us;
    self->numbers[place] = (uint32_t) MIN (keys->last_number, UINT32_MAX);
}

//  Set the columns that few messages change.
static void
s_set_nature (rocket_columns_t *self, size_t place, const rocket_keys_t *keys)
{
    self->types[place] = pooled_text_code (keys->type);
    self->missions[place] = pooled_text_code (keys->mission);
    self->statuses[place] = (uint8_t) keys->status;
}

void
rocket_columns_set (rocket_columns_t *self, size_t place, const rocket_t *rocket)
{
    if (place >= self->room)
        s_resize (self, place + place / 8 + ROOM_MIN);
    if (!rocket) {
        self->types[place] = self->missions[place] = 0;
        self->statuses[place] = ROCKET_STATUSES;
        return;
    }
    rocket_keys_t keys = rocket_keys (rocket);
    self->ids[place] = s_prefix (rocket_id (rocket));
    s_set_motion (self, place, &keys);
    s_set_nature (self, place, &keys);
}

//  Each array is another cache line, so write only the members that a message can change.
void
rocket_columns_follow (
    rocket_columns_t *self, size_t place, const rocket_t *rocket, message_kind_t kind)
{
    rocket_keys_t keys = rocket_keys (rocket);
    s_set_motion (self, place, &keys);
    if (kind != MESSAGE_SPED_UP && kind != MESSAGE_SLOWED)
        s_set_nature (self, place, &keys);
}

//  Return the rank of a status among their names, as of a text.
static inline uint32_t
s_rank_of_status (uint32_t status)
{
    return 2 * (ROCKET_STATUSES - 1 - status) + 1;  //  the last one comes first by name
}

static uint32_t
s_rank_of_status_name (text_t name)
{
    for (uint32_t status = ROCKET_STATUSES; status > 0; status--) {
        int order = text_compare (text_from (rocket_status_name (status - 1)), name);
        if (order >= 0)
            return s_rank_of_status (status - 1) - (order > 0);
    }
    return 2 * ROCKET_STATUSES;
}

//  Return the key of the place of a rocket or of a cursor.
static uint64_t
s_key_of_place (const rows_wanted_t *wanted, const place_t *place)
{
    const sort_value_t *value = &place->value;
    switch (wanted->order->key) {
    case SORT_ID:
        return s_prefix (value->text) ^ wanted->flip;
    case SORT_TYPE:
    case SORT_MISSION:
        return (value->is_null ? TEXT_RANK_NONE : text_pool_rank (wanted->pool, value->text)) ^
               wanted->flip;
    case SORT_STATUS:
        return s_rank_of_status_name (value->text) ^ wanted->flip;
    case SORT_SPEED:
    case SORT_LAST_TIME:
        return (uint64_t) value->number ^ wanted->flip;
    case SORT_LAST_NUMBER:
        return (uint64_t) CLAMP (value->number, 0, UINT32_MAX) ^ wanted->flip;
    }
    return 0;
}

//  Return the key of a row. Callers pass a constant order, so the compiler leaves little of this
//  function.
static inline __attribute__ ((always_inline)) uint64_t
s_key_of_row (const rows_wanted_t *wanted, sort_key_t key, size_t place)
{
    const rocket_columns_t *columns = wanted->columns;
    switch (key) {
    case SORT_ID:
        return columns->ids[place] ^ wanted->flip;
    case SORT_TYPE:
        return wanted->ranks[columns->types[place]] ^ wanted->flip;
    case SORT_SPEED:
        return (uint64_t) columns->speeds[place] ^ wanted->flip;
    case SORT_MISSION:
        return wanted->ranks[columns->missions[place]] ^ wanted->flip;
    case SORT_STATUS:
        return s_rank_of_status (columns->statuses[place]) ^ wanted->flip;
    case SORT_LAST_TIME:
        return (uint64_t) columns->times[place] ^ wanted->flip;
    case SORT_LAST_NUMBER:
        return columns->numbers[place] ^ wanted->flip;
    }
    return 0;
}

static uint64_t
s_flip (const rocket_order_t *order)
{
    switch (order->key) {
    case SORT_ID:
        return order->descending ? UINT64_MAX : 0;
    case SORT_TYPE:
    case SORT_MISSION:
    case SORT_STATUS:
        return order->descending ? TEXT_RANK_NONE - 1 : 0;  //  no text stays the last
    case SORT_SPEED:
    case SORT_LAST_TIME:
        return order->descending ? INT64_MAX : 1ull << 63;
    case SORT_LAST_NUMBER:
        return order->descending ? UINT32_MAX : 0;
    }
    return 0;
}

//  Look up the filters. Return false if no rocket passes them.
static bool
s_want_filters (rows_wanted_t *wanted, const list_query_t *list)
{
    rocket_status_t status = ROCKET_STATUSES;
    if (list->status.data && !rocket_status_of (list->status, &status))
        return false;
    wanted->status = (uint8_t) status;
    wanted->type = pooled_text_code (text_pool_find (wanted->pool, list->type));
    wanted->mission = pooled_text_code (text_pool_find (wanted->pool, list->mission));
    return (wanted->type || !list->type.data) && (wanted->mission || !list->mission.data);
}

//  Rows behind the last chosen rocket are not wanted once the selection is full.
static void
s_want_better (rows_wanted_t *wanted, const selection_t *selection)
{
    if (selection->count < selection->capacity)
        return;
    const place_t *last = &selection->heap[0].place;
    wanted->high = s_key_of_place (wanted, last);
    wanted->high_id = s_prefix (last->id);
}

static void
s_want_all (rows_wanted_t *wanted, const list_query_t *list)
{
    wanted->low = list->has_after ? s_key_of_place (wanted, &list->after) : 0;
    wanted->low_id = list->has_after ? s_prefix (list->after.id) : 0;
    wanted->high = UINT64_MAX;
    wanted->high_id = UINT64_MAX;
}

static inline bool
s_passes (const rows_wanted_t *wanted, size_t place)
{
    const rocket_columns_t *columns = wanted->columns;
    uint8_t status = columns->statuses[place];
    return status < ROCKET_STATUSES &&
           (wanted->status == ROCKET_STATUSES || status == wanted->status) &&
           (!wanted->type || columns->types[place] == wanted->type) &&
           (!wanted->mission || columns->missions[place] == wanted->mission);
}

//  Return true if a row with a wanted key has a wanted id too.
static inline bool
s_is_within (const rows_wanted_t *wanted, sort_key_t order, uint64_t key, size_t place)
{
    if (order == SORT_ID)
        return true;
    uint64_t id = wanted->columns->ids[place];
    return (key != wanted->low || id >= wanted->low_id) &&
           (key != wanted->high || id <= wanted->high_id);
}

static inline __attribute__ ((always_inline)) void
s_show (rows_wanted_t *wanted, sort_key_t order, const rocket_table_t *rockets,
    selection_t *selection, size_t first, size_t end)
{
    for (size_t place = first; place < end; place++) {
        uint64_t key = s_key_of_row (wanted, order, place);
        //  One comparison for both ends: most rows fail it, some at random.
        if (key - wanted->low > wanted->high - wanted->low ||
            !s_is_within (wanted, order, key, place) || !s_passes (wanted, place))
            continue;
        const rocket_t *rocket = rocket_table_at (rockets, place);
        rocket_view_t view;
        rocket_view (rocket, &view);
        selection_show (selection, rocket, &view);
        s_want_better (wanted, selection);
    }
}

static void
s_show_by (rows_wanted_t *wanted, const rocket_table_t *rockets, selection_t *selection,
    size_t first, size_t end)
{
    switch (wanted->order->key) {
    case SORT_ID:
        s_show (wanted, SORT_ID, rockets, selection, first, end);
        return;
    case SORT_TYPE:
        s_show (wanted, SORT_TYPE, rockets, selection, first, end);
        return;
    case SORT_SPEED:
        s_show (wanted, SORT_SPEED, rockets, selection, first, end);
        return;
    case SORT_MISSION:
        s_show (wanted, SORT_MISSION, rockets, selection, first, end);
        return;
    case SORT_STATUS:
        s_show (wanted, SORT_STATUS, rockets, selection, first, end);
        return;
    case SORT_LAST_TIME:
        s_show (wanted, SORT_LAST_TIME, rockets, selection, first, end);
        return;
    case SORT_LAST_NUMBER:
        s_show (wanted, SORT_LAST_NUMBER, rockets, selection, first, end);
        return;
    }
}

bool
rocket_columns_show (const rocket_columns_t *self, text_pool_t *pool, const rocket_table_t *rockets,
    selection_t *selection, size_t first, size_t end)
{
    const rocket_order_t *order = &selection->list->order;
    bool is_by_text = order->key == SORT_TYPE || order->key == SORT_MISSION;
    const uint32_t *ranks = is_by_text ? text_pool_ranks (pool, TEXTS_MAX) : NULL;
    if (is_by_text && !ranks)
        return false;
    rows_wanted_t wanted = {
        .columns = self, .pool = pool, .ranks = ranks, .order = order, .flip = s_flip (order)};
    if (!s_want_filters (&wanted, selection->list))
        return true;
    s_want_all (&wanted, selection->list);
    s_want_better (&wanted, selection);
    if (wanted.low > wanted.high)
        return true;
    s_show_by (&wanted, rockets, selection, first, end);
    //  A rocket that was passed over may be behind the chosen ones.
    selection->is_cut = selection->is_cut || selection->count == selection->capacity;
    return true;
}
