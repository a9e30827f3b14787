//  SPDX-License-Identifier: Apache-2.0
#include "processor/shard/selection.h"

#include "query/protocol/list_copy.h"

void
selection_init (selection_t *self, const list_query_t *list, size_t capacity, text_pool_t *pool)
{
    *self = (selection_t){.list = list, .capacity = capacity, .pool = pool};
    self->heap = g_new (selection_candidate_t, capacity);
}

static void
s_release_all (const selection_t *self, selection_candidate_t *heap, size_t count)
{
    for (size_t index = 0; self->pool && index < count; index++)
        text_pool_release (self->pool, &heap[index].held);
}

void
selection_free (selection_t *self)
{
    if (self->heap)
        s_release_all (self, self->heap, self->count);
    g_clear_pointer (&self->heap, g_free);
    place_copy_clear (&self->horizon);
}

static int
s_compare (const selection_t *self, const selection_candidate_t *a, const selection_candidate_t *b)
{
    return rocket_order_compare (&self->list->order, &a->place, &b->place);
}

static void
s_swap (selection_t *self, size_t a, size_t b)
{
    selection_candidate_t candidate = self->heap[a];
    self->heap[a] = self->heap[b];
    self->heap[b] = candidate;
}

static void
s_rise (selection_t *self, size_t index)
{
    while (index > 0) {
        size_t parent = (index - 1) / 2;
        if (s_compare (self, &self->heap[index], &self->heap[parent]) <= 0)
            return;
        s_swap (self, index, parent);
        index = parent;
    }
}

static void
s_sink (selection_t *self, size_t index)
{
    for (;;) {
        size_t worst = index;
        for (size_t child = 2 * index + 1; child <= 2 * index + 2; child++)
            if (child < self->count && s_compare (self, &self->heap[child], &self->heap[worst]) > 0)
                worst = child;
        if (worst == index)
            return;
        s_swap (self, index, worst);
        index = worst;
    }
}

//  Hold the text of a candidate: a rocket releases its type or mission when it gets another one.
static void
s_hold (const selection_t *self, selection_candidate_t *candidate)
{
    sort_key_t key = self->list->order.key;
    candidate->held = NULL;
    if (!self->pool || (key != SORT_TYPE && key != SORT_MISSION))
        return;
    candidate->held = text_pool_hold (self->pool, candidate->place.value.text);
    candidate->place.value.text = pooled_text_bytes (candidate->held);
}

static void
s_offer (selection_t *self, selection_candidate_t *candidate)
{
    if (self->count < self->capacity) {
        s_hold (self, candidate);
        self->heap[self->count] = *candidate;
        s_rise (self, self->count++);
        return;
    }
    self->is_cut = true;
    if (s_compare (self, candidate, &self->heap[0]) < 0) {
        s_hold (self, candidate);
        if (self->pool)
            text_pool_release (self->pool, &self->heap[0].held);
        self->heap[0] = *candidate;
        s_sink (self, 0);
    }
}

//  Turn the heap into a sorted array: move the worst to the end, again and again.
static void
s_sort (selection_t *self)
{
    size_t count = self->count;
    while (self->count > 1) {
        s_swap (self, 0, --self->count);
        s_sink (self, 0);
    }
    self->count = count;
}

bool
selection_passes (const list_query_t *list, const rocket_view_t *rocket)
{
    return rocket->status < ROCKET_STATUSES &&
           (!list->status.data ||
               text_equal (list->status, text_from (rocket_status_name (rocket->status)))) &&
           (!list->type.data || (rocket->type.data && text_equal (list->type, rocket->type))) &&
           (!list->mission.data ||
               (rocket->mission.data && text_equal (list->mission, rocket->mission)));
}

//  Find the place of a rocket in the list. Return false if the rocket does not belong to the list.
static bool
s_place (const list_query_t *list, const rocket_view_t *view, place_t *place)
{
    if (!selection_passes (list, view))
        return false;
    *place = rocket_order_place (&list->order, view);
    return !list->has_after || rocket_order_compare (&list->order, place, &list->after) > 0;
}

void
selection_show (selection_t *self, const rocket_t *rocket, const rocket_view_t *view)
{
    selection_candidate_t candidate = {.rocket = rocket};
    if (s_place (self->list, view, &candidate.place))
        s_offer (self, &candidate);
}

void
selection_cut (selection_t *self, const place_t *place)
{
    self->is_cut = true;
    if (self->has_horizon && rocket_order_compare (&self->list->order, place, &self->horizon) >= 0)
        return;
    place_copy_clear (&self->horizon);
    place_copy (&self->horizon, place);
    self->has_horizon = true;
}

bool
selection_end (const selection_t *self, place_t *end)
{
    if (self->has_horizon)
        *end = self->horizon;
    bool is_full = self->is_cut && self->count == self->capacity && self->count > 0;
    if (is_full && (!self->has_horizon || rocket_order_compare (&self->list->order,
                                              &self->heap[0].place, &self->horizon) < 0))
        *end = self->heap[0].place;
    return self->has_horizon || is_full;
}

void
selection_settle (selection_t *self)
{
    place_t end;
    bool has_end = selection_end (self, &end);
    selection_candidate_t *chosen = self->heap;
    size_t count = self->count;
    self->heap = g_new (selection_candidate_t, count + 1);
    self->count = 0;
    for (size_t index = 0; index < count; index++) {
        selection_candidate_t candidate = {.rocket = chosen[index].rocket};
        rocket_view_t view;
        rocket_view (candidate.rocket, &view);
        if (!s_place (self->list, &view, &candidate.place) ||
            (has_end && rocket_order_compare (&self->list->order, &candidate.place, &end) > 0))
            continue;
        self->heap[self->count] = candidate;
        s_rise (self, self->count++);
    }
    s_release_all (self, chosen, count);
    g_free (chosen);
    s_sort (self);
}
