//  SPDX-License-Identifier: Apache-2.0
#include "gateway/intake/refusals.h"

#include <glib.h>

#include "http/answers.h"

typedef struct {
    size_t index;
    char *pointer;
    char *detail;
} refusal_t;

struct refusals {
    GArray *told;  //  of refusal_t
    size_t count;  //  messages
    size_t last;   //  index of the last refused message
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
    self->count += self->count == 0 || self->last != index;
    self->last = index;
    if (self->told->len >= REFUSALS_TOLD_MAX)
        return;
    refusal_t refusal = {index, g_strdup (pointer), g_strdup (detail)};
    g_array_append_val (self->told, refusal);
}

size_t
refusals_count (const refusals_t *self)
{
    return self ? self->count : 0;
}

bool
refusals_are_many (const refusals_t *self)
{
    return refusals_count (self) > REFUSALS_TOLD_MAX;
}

void
refusals_write (const refusals_t *self, json_writer_t *json)
{
    json_begin_array (json);
    for (guint index = 0; self && index < self->told->len; index++) {
        const refusal_t *refusal = &g_array_index (self->told, refusal_t, index);
        json_begin_object (json);
        json_key (json, "index");
        json_uint (json, refusal->index);
        json_key (json, "pointer");
        json_string (json, refusal->pointer);
        json_key (json, "detail");
        json_string (json, refusal->detail);
        json_end_object (json);
    }
    json_end_array (json);
}

static void
s_write_errors (const void *context, json_writer_t *json)
{
    json_key (json, "errors");
    refusals_write (context, json);
}

static void
s_answer (const refusals_t *self, http_request_t *request, const char *detail)
{
    answer_problem_with (request, &(problem_t){.status = 400,
                                      .name = "message-refused",
                                      .detail = detail,
                                      .write_members = s_write_errors,
                                      .members = self});
}

void
refusals_answer (const refusals_t *self, http_request_t *request, size_t good)
{
    char detail[128];
    g_snprintf (detail, sizeof detail, "%zu of %zu messages are refused, so none was accepted",
        self->count, self->count + good);
    s_answer (self, request, detail);
}

void
refusals_answer_many (const refusals_t *self, http_request_t *request)
{
    s_answer (self, request,
        "more than " G_STRINGIFY (
            REFUSALS_TOLD_MAX) " messages are refused: the rest was not read, and "
                               "none was accepted");
}
