//  The Prefer field, as RFC 7240 lets clients write it.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <string.h>

#include "gateway/intake/prefer.h"

static void
s_expect (const char *field, bool is_lenient, int wait_s)
{
    prefer_t prefer = prefer_read (field);
    cr_assert_eq (prefer.is_lenient, is_lenient, "%s", field);
    cr_assert_eq (prefer.has_wait, wait_s >= 0, "%s", field);
    if (wait_s >= 0)
        cr_assert_eq (prefer.wait_s, (uint32_t) wait_s, "%s", field);
}

Test (prefer, is_read_in_any_spelling)
{
    s_expect ("handling=lenient", true, -1);
    s_expect ("Handling=\"lenient\"", true, -1);
    s_expect (" wait = 5 , handling = LENIENT ", true, 5);
    s_expect ("respond-async, wait=0", false, 0);
    s_expect ("wait=100000", false, PREFER_WAIT_MAX_S);
}

Test (prefer, what_is_not_understood_is_passed_over)
{
    s_expect (NULL, false, -1);
    s_expect ("", false, -1);
    s_expect ("handling=strict", false, -1);
    s_expect ("handling", false, -1);
    s_expect ("wait=", false, -1);
    s_expect ("wait=-1", false, -1);
    s_expect ("wait=soon,,=,;", false, -1);
    s_expect ("wait=99999999999999999999999", false, -1);
}

Test (prefer, parameters_and_quoted_strings_are_passed_over)
{
    s_expect ("wait=5; x=y", false, 5);
    s_expect ("handling=lenient;foo ; bar=\",wait=1\", wait=7", true, 7);
    s_expect ("foo=\"a,handling=lenient,wait=1\"", false, -1);
    s_expect ("foo=\"\\\",wait=1\", wait=\"2\"", false, 2);
    s_expect ("handling;wait=5", false, -1);
    s_expect ("foo=\"wait=5", false, -1);
    s_expect ("wait=5 handling=lenient", false, 5);
    s_expect ("wait=0000000000000000000000000000005", false, 5);
    s_expect ("wait=00000000000000000000000000000005", false, -1);
}

Test (prefer, the_first_of_two_counts)
{
    s_expect ("handling=strict, handling=lenient", false, -1);
    s_expect ("handling=lenient, wait=3, handling=strict, wait=4", true, 3);
    s_expect ("wait=soon, wait=4", false, -1);
}

Test (prefer, what_was_applied_is_told)
{
    char text[PREFER_APPLIED_SIZE];
    cr_assert_not (prefer_write_applied (&(prefer_t){0}, text));
    cr_assert (prefer_write_applied (&(prefer_t){.is_lenient = true}, text));
    cr_assert_str_eq (text, "handling=lenient");
    cr_assert (prefer_write_applied (&(prefer_t){true, true, 7}, text));
    cr_assert_str_eq (text, "handling=lenient, wait=7");
}
