//  Which header fields bring an id, and how many refusals get into the log.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>

#include "gateway/state/answer_log.h"
#include "http/rules/http_request_id.h"

#define TRACE "0af7651916cd43dd8448eb211c80319c"

static request_id_source_t
s_read (const char *name, const char *value, text_t *id)
{
    return request_id_read (http_field_of (text_from (name)), text_from (value), id);
}

Test (request_id, a_sane_id_of_the_clients_own_is_taken_as_it_is)
{
    const char *const good[] = {"a", "7", "b7c1-4_x.y:z/+=@~", TRACE};
    for (size_t index = 0; index < G_N_ELEMENTS (good); index++) {
        text_t id;
        cr_expect_eq (s_read ("X-Request-Id", good[index], &id), REQUEST_ID_GIVEN);
        cr_expect (text_equal (id, text_from (good[index])), "%s", good[index]);
    }
}

Test (request_id, what_could_be_taken_for_something_else_in_a_log_is_no_id)
{
    const char *const bad[] = {
        "", " ", "a b", "a\"b", "a\nb", "a\x1f_b", "a\\b", "a,b", "\xc3\xa4"};
    text_t id;
    for (size_t index = 0; index < G_N_ELEMENTS (bad); index++)
        cr_expect_eq (s_read ("x-request-id", bad[index], &id), REQUEST_ID_NONE, "%s", bad[index]);
    cr_expect_eq (request_id_read (HTTP_FIELD_X_REQUEST_ID, text_of ("a\0b", 3), &id), 0);
}

Test (request_id, an_id_has_at_most_128_bytes)
{
    char long_one[REQUEST_ID_MAX_BYTES + 2] = "";
    text_t id;
    memset (long_one, 'x', REQUEST_ID_MAX_BYTES);
    cr_expect_eq (s_read ("X-REQUEST-ID", long_one, &id), REQUEST_ID_GIVEN);
    long_one[REQUEST_ID_MAX_BYTES] = 'x';
    cr_expect_eq (s_read ("X-REQUEST-ID", long_one, &id), REQUEST_ID_NONE);
}

Test (request_id, of_a_traceparent_it_is_the_trace_id)
{
    const char *const good[] = {"00-" TRACE "-b7ad6b7169203331-01",
        "00-" TRACE "-b7ad6b7169203331-00", "cc-" TRACE "-b7ad6b7169203331-01",
        "cc-" TRACE "-b7ad6b7169203331-01-what-the-future-brings"};
    for (size_t index = 0; index < G_N_ELEMENTS (good); index++) {
        text_t id;
        cr_expect_eq (
            s_read ("traceparent", good[index], &id), REQUEST_ID_TRACE, "%s", good[index]);
        cr_expect (text_equal (id, text_from (TRACE)), "%s", good[index]);
    }
}

Test (request_id, a_traceparent_that_breaks_its_rules_brings_none)
{
    const char *const bad[] = {"", "00", "00-" TRACE, "00-" TRACE "-b7ad6b7169203331",
        "00-" TRACE "-b7ad6b7169203331-01-", "00-" TRACE "-b7ad6b7169203331-01-more",
        "ff-" TRACE "-b7ad6b7169203331-01", "cc-" TRACE "-b7ad6b7169203331-01.more",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-" TRACE "-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00_" TRACE "_b7ad6b7169203331_01", "0x-" TRACE "-b7ad6b7169203331-01",
        "00-" TRACE "-b7ad6b7169203331-0g"};
    text_t id;
    for (size_t index = 0; index < G_N_ELEMENTS (bad); index++)
        cr_expect_eq (s_read ("Traceparent", bad[index], &id), REQUEST_ID_NONE, "%s", bad[index]);
}

Test (request_id, no_other_field_brings_one)
{
    text_t id;
    cr_expect_eq (s_read ("X-Request-Ids", "a", &id), REQUEST_ID_NONE);
    cr_expect_eq (s_read ("tracestate", "00-" TRACE "-b7ad6b7169203331-01", &id), REQUEST_ID_NONE);
    cr_expect_eq (s_read ("", "a", &id), REQUEST_ID_NONE);
}

Test (request_id, those_that_are_made_are_sane_and_differ)
{
    char one[REQUEST_ID_MADE_SIZE];
    char other[REQUEST_ID_MADE_SIZE];
    text_t id;
    request_id_make (one);
    request_id_make (other);
    cr_expect_eq (strlen (one), REQUEST_ID_MADE_SIZE - 1);
    cr_expect_str_neq (one, other);
    cr_expect_eq (s_read ("X-Request-Id", one, &id), REQUEST_ID_GIVEN);
}

Test (answer_log, so_many_refusals_a_second_are_logged_and_the_others_counted)
{
    answer_log_t log = {0};
    for (int64_t second = 5; second < 8; second++) {
        uint64_t logged = 0;
        for (int64_t ms = 0; ms < 1000; ms++)
            logged += answer_log_may (&log, second * 1000 + ms);
        cr_expect_eq (logged, REFUSALS_PER_SECOND);
    }
    cr_expect_eq (log.left_out, 3 * (1000 - REFUSALS_PER_SECOND));
}
