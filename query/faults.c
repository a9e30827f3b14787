//  SPDX-License-Identifier: Apache-2.0
#include "query/faults.h"

#include <stdarg.h>
#include <stdio.h>

GPtrArray *
faults_new (void)
{
    return g_ptr_array_new_with_free_func (g_free);
}

void
faults_add (GPtrArray *self, const char *format, ...)
{
    va_list values;
    va_start (values, format);
    g_ptr_array_add (self, g_strdup_vprintf (format, values));
    va_end (values);
}

void
faults_of_answers (GPtrArray *self, const GPtrArray *answers)
{
    for (guint index = 0; index < answers->len; index++) {
        const processor_answer_t *answer = answers->pdata[index];
        if (!answer->bytes)
            faults_add (self, "%s %s", answer->processor, answer->fault);
    }
}

//  Return the ids of the processors that answered.
static GHashTable *
s_known (const GPtrArray *found)
{
    GHashTable *known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    for (guint index = 0; index < found->len; index++) {
        const processor_answer_t *answer = found->pdata[index];
        char *id = answer->bytes ? stats_processor (answer->reply.stats) : NULL;
        if (id)
            g_hash_table_add (known, id);
    }
    return known;
}

void
faults_of_lost (GPtrArray *self, const GPtrArray *found)
{
    GHashTable *known = s_known (found);
    GArray *addresses = g_array_new (FALSE, TRUE, sizeof (address_t));
    size_t lost = 0;
    for (guint index = 0; index < found->len; index++) {
        const processor_answer_t *answer = found->pdata[index];
        if (answer->bytes)
            lost = MAX (lost, stats_members (answer->reply.stats, known, addresses));
    }
    if (lost > 0)
        faults_add (self,
            "this is incomplete: %zu processors do not say where they are: name them with "
            "--processors",
            lost);
    g_array_unref (addresses);
    g_hash_table_unref (known);
}

void
faults_of_coverage (GPtrArray *self, const coverage_t *coverage)
{
    uint32_t missing = coverage_missing (coverage);
    if (missing > 0)
        faults_add (self, "this is incomplete: %u of %u partitions have no owner that answers",
            missing, coverage->partitions);
}

void
faults_of_two (GPtrArray *self, const char *place, const char *state, const char *other,
    const char *other_state)
{
    faults_add (self,
        "these are two states, with different rockets: %s keeps %s, %s keeps %s: name the "
        "processors of one state with --processors",
        place, state, other, other_state);
}

void
faults_of_states (GPtrArray *self, const GPtrArray *found)
{
    const processor_answer_t *first = NULL;
    const processor_answer_t *second = NULL;
    if (!find_two_states (found, &first, &second))
        return;
    char *one = stats_state (first->reply.stats);
    char *other = stats_state (second->reply.stats);
    faults_of_two (self, first->processor, one, second->processor, other);
    g_free (one);
    g_free (other);
}

bool
faults_print (GPtrArray **self_p)
{
    GPtrArray *self = *self_p;
    bool are_any = self->len > 0;
    for (guint index = 0; index < self->len; index++)
        fprintf (stderr, "downlink-query: %s\n", (const char *) self->pdata[index]);
    g_ptr_array_unref (self);
    *self_p = NULL;
    return are_any;
}
