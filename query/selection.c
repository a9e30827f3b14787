//  SPDX-License-Identifier: Apache-2.0
#include "query/selection.h"

void
selection_init (selection_t *self, const list_query_t *list, size_t capacity)
{
    *self = (selection_t){.list = list, .capacity = capacity};
    self->heap = g_new (candidate_t, capacity);
}

void
selection_free (selection_t *self)
{
    g_clear_pointer (&self->heap, g_free);
}

static int
s_compare (const selection_t *self, const candidate_t *a, const candidate_t *b)
{
    return rocket_order_compare (&self->list->order, &a->place, &b->place);
}

static void
s_swap (selection_t *self, size_t a, size_t b)
{
    candidate_t candidate = self->heap[a];
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

static void
s_offer (selection_t *self, const candidate_t *candidate)
{
    if (self->count < self->capacity) {
        self->heap[self->count] = *candidate;
        s_rise (self, self->count++);
    }
    else if (s_compare (self, candidate, &self->heap[0]) < 0) {
        self->heap[0] = *candidate;
        s_sink (self, 0);
    }
}

//  The heap becomes a sorted array: the worst goes to the end, again and again.
void
selection_sort (selection_t *self)
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
    return (!list->status.data ||
               text_equal (list->status, text_from (rocket_status_name (rocket->status)))) &&
           (!list->type.data || (rocket->type.data && text_equal (list->type, rocket->type))) &&
           (!list->mission.data ||
               (rocket->mission.data && text_equal (list->mission, rocket->mission)));
}

void
selection_show (selection_t *self, const rocket_t *rocket)
{
    rocket_view_t view;
    rocket_view (rocket, &view);
    if (!selection_passes (self->list, &view))
        return;
    candidate_t candidate = {rocket_order_place (&self->list->order, &view), rocket};
    if (self->list->has_after &&
        rocket_order_compare (&self->list->order, &candidate.place, &self->list->after) <= 0)
        return;
    self->offered++;
    s_offer (self, &candidate);
}
