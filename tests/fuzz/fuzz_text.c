//  Fuzz short texts with a form of their own, as requests, files of a state and databases have
//  them: times, base64, identities, marks, orders and names. A text that is read and written again
//  is read as the same value.
//  SPDX-License-Identifier: Apache-2.0
#include "common/domain/partition.h"
#include "common/domain/state_ancestors.h"
#include "common/domain/state_mark.h"
#include "common/domain/state_traits.h"
#include "common/text/base64.h"
#include "common/text/timestamp.h"
#include "common/text/visible_text.h"
#include "query/protocol/rocket_order.h"
#include "tests/fuzz/input.h"

static void
s_time (text_t text)
{
    int64_t time_us = 7;
    int64_t again = 0;
    char printed[TIMESTAMP_SIZE];
    if (!timestamp_parse (text, &time_us)) {
        g_assert (time_us == 7);
        return;
    }
    g_assert (time_us >= TIMESTAMP_MIN_US && time_us <= TIMESTAMP_MAX_US);
    timestamp_print (time_us, printed);
    g_assert (timestamp_parse (text_from (printed), &again) && again == time_us);
}

static void
s_base64 (text_t text)
{
    size_t size = 0;
    char *bytes = g_malloc (base64_decoded_size (text.size) + 1);
    if (base64_decode (text, bytes, &size)) {
        char *encoded = g_base64_encode ((const guchar *) bytes, size);
        g_assert (size <= base64_decoded_size (text.size));
        g_assert (text_equal (text, text_from (encoded)));
        g_free (encoded);
    }
    g_free (bytes);
}

static void
s_state (text_t text)
{
    state_id_t id;
    state_id_t id_again;
    char printed[STATE_MARK_TEXT_SIZE];
    if (state_id_parse (&id, text)) {
        state_id_text (&id, printed);
        g_assert (!state_id_is_known (&id) || (state_id_parse (&id_again, text_from (printed)) &&
                                                  state_id_equal (&id, &id_again)));
    }
    state_mark_t mark;
    state_mark_t mark_again;
    if (state_mark_parse (&mark, text) && state_id_is_known (&mark.other)) {
        state_mark_text (&mark, printed);
        g_assert (state_mark_parse (&mark_again, text_from (printed)));
        g_assert (state_mark_equal (&mark, &mark_again));
    }
    state_ancestors_t ancestors;
    char list[STATE_ANCESTORS_TEXT_SIZE];
    if (!state_ancestors_parse (&ancestors, text))
        return;
    g_assert (ancestors.count <= STATE_ANCESTORS_MAX);
    state_ancestors_text (&ancestors, list);
    g_assert (ancestors.count > 0 || *list == '\0');
}

static void
s_names (text_t text)
{
    ordering_t ordering;
    partitioner_t partitioner;
    rocket_status_t status;
    rocket_order_t order;
    char printed[ROCKET_ORDER_SIZE];
    if (ordering_of (text, &ordering))
        g_assert (text_equal (text, text_from (ordering_name (ordering))));
    if (partitioner_of (text, &partitioner))
        g_assert (text_equal (text, text_from (partitioner_name (partitioner))));
    if (rocket_status_of_stored (text, &status))
        g_assert (text_equal (text, text_from (rocket_status_name (status))));
    if (rocket_status_of (text, &status))
        g_assert (status < ROCKET_STATUSES);
    if (rocket_order_parse (text, &order)) {
        rocket_order_print (&order, printed);
        g_assert (text_equal (text, text_from (printed)));
    }
    message_kind_t kind = message_kind_of (text);
    g_assert (!kind || message_kind_is_known (kind));
}

//  Nothing that was made visible can move a terminal's cursor or end a line.
static void
s_visible (text_t text)
{
    char *string = input_string (text);
    GString *line = g_string_new (NULL);
    visible_text_add_quoted (line, string);
    g_assert (g_utf8_validate (line->str, (gssize) line->len, NULL));
    for (const char *at = line->str; *at; at = g_utf8_next_char (at))
        g_assert (!character_is_hidden (g_utf8_get_char (at)));
    g_string_free (line, TRUE);
    g_free (string);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    input_t input = {data, size};
    text_t text = input_rest (&input);
    s_time (text);
    s_base64 (text);
    s_state (text);
    s_names (text);
    s_visible (text);
    return 0;
}
