//  The phases of a request: each can be reached, and each ends.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "http/rules/http_phase.h"

//  Add every phase that can follow one of the set. Return the larger set.
static unsigned
s_spread (unsigned set)
{
    unsigned larger = set;
    for (unsigned before = 0; before < REQUEST_PHASES; before++)
        for (unsigned after = 0; after < REQUEST_PHASES && (set & (1u << before)); after++)
            if (http_phase_may_follow (before, after))
                larger |= 1u << after;
    return larger == set ? set : s_spread (larger);
}

Test (http_phase, every_phase_can_be_reached_from_the_request_line)
{
    cr_assert_eq (s_spread (1u << REQUEST_LINE), (1u << REQUEST_PHASES) - 1);
}

Test (http_phase, a_complete_request_never_becomes_incomplete)
{
    for (unsigned before = REQUEST_SHOWN; before < REQUEST_PHASES; before++)
        for (unsigned after = 0; after < REQUEST_SHOWN; after++)
            cr_assert_not (http_phase_may_follow (before, after), "%u -> %u", before, after);
}

Test (http_phase, an_answered_request_is_not_answered_again)
{
    for (unsigned before = REQUEST_ANSWERED; before < REQUEST_PHASES; before++) {
        cr_assert_not (http_phase_may_follow (before, REQUEST_ANSWERED), "%u", before);
        cr_assert_not (http_phase_may_follow (before, REQUEST_STREAMING), "%u", before);
    }
}

Test (http_phase, a_client_may_leave_whenever_its_request_is_held)
{
    for (unsigned phase = 0; phase < REQUEST_PHASES; phase++)
        cr_assert_eq (
            http_phase_may_follow (phase, REQUEST_GONE), http_phase_is_held (phase), "%u", phase);
}
