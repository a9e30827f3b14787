//  SPDX-License-Identifier: Apache-2.0
#include "gateway/intake/refusals.h"

#include <glib.h>

struct refusals {
    GArray *told;  //  of refusal_t
    size_t count;
};

static void
s_free_refusal (void *data)
{
    refusal_t *refusal = data;
    g_free (refusal->pointer);
    g_free (refusal->detail);
}

static refusals_t *
s_new (void)
{
    refusals_t *self = g_rc_box_new0 (refusals_t);
    self->told = g_array_new (FALSE, TRUE, sizeof (refusal_t));
    g_array_set_clear_func (self->told, s_free_refusal);
    return self;
}

refusals_t *
refusals_ref (refusals_t *self)
{
    return g_rc_box_acquire (self);
}

static void
s_clear (void *data)
{
    g_array_unref (((refusals_t *) data)->told);
}

void
refusals_unref (refusals_t **self_p)
{
    if (*self_p)
        g_rc_box_release_full (*self_p, s_clear);
    *self_p = NULL;
}

void
refusals_add (refusals_t **self_p, size_t index, const char *pointer, const char *detail)
{
    if (!*self_p)
        *self_p = s_new ();
    refusals_t *self = *self_p;
    self->count++;
    if (self->told->len >= PROBLEM_REFUSALS_MAX)
        return;
    refusal_t refusal = {index, g_strdup (pointer), g_strdup (detail)};
    g_array_append_val (self->told, refusal);
}

size_t
refusals_count (const refusals_t *self)
{
    return self ? self->count : 0;
}

const refusal_t *
refusals_told (const refusals_t *self, size_t *count)
{
    *count = self ? self->told->len : 0;
    return self ? (const refusal_t *) (gconstpointer) self->told->data : NULL;
}

void
refusals_answer (const refusals_t *self, http_request_t *request, size_t good)
{
    char detail[128];
    g_snprintf (detail, sizeof detail, "%zu of %zu messages are refused, so none was accepted",
        self->count, self->count + good);
    problem_t problem = {.status = 400, .name = "message-refused", .detail = detail};
    problem.refusals = refusals_told (self, &problem.refusals_count);
    problem_answer (request, &problem);
}
