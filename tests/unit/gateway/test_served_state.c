//  The state that a gateway serves: the first one it hears, or none while it cannot tell.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "gateway/owners/served_state.h"

static const state_id_t s_one = {{1}};
static const state_id_t s_other = {{2}};
static const state_id_t s_unknown;
static served_state_t *s_served;

static void
s_set_up (void)
{
    s_served = served_state_new ();
}

static void
s_tear_down (void)
{
    served_state_destroy (&s_served);
}

TestSuite (served_state, .init = s_set_up, .fini = s_tear_down);

Test (served_state, one_that_all_announce_is_served_at_once)
{
    cr_assert_eq (served_state_judge (s_served, &s_one, true, 0), STATE_SERVED);
    cr_assert_eq (served_state_judge (s_served, &s_other, true, 0), STATE_REFUSED);
    cr_assert_eq (served_state_judge (s_served, &s_unknown, true, 0), STATE_REFUSED);
    state_id_t served = served_state_get (s_served);
    cr_assert (state_id_equal (&served, &s_one));
}

Test (served_state, while_others_may_still_speak_it_waits_for_a_moment)
{
    cr_assert_eq (served_state_judge (s_served, &s_one, false, 0), STATE_UNDECIDED);
    cr_assert_eq (
        served_state_judge (s_served, &s_one, false, STATE_CHOICE_MS - 1), STATE_UNDECIDED);
    cr_assert_eq (served_state_judge (s_served, &s_one, false, STATE_CHOICE_MS), STATE_SERVED);
}

Test (served_state, of_two_that_are_heard_at_first_none_is_served_until_one_is_silent)
{
    state_id_t doubt[2];
    cr_assert_eq (served_state_judge (s_served, &s_one, false, 0), STATE_UNDECIDED);
    cr_assert_not (served_state_doubt (s_served, doubt, 0));
    cr_assert_eq (served_state_judge (s_served, &s_other, true, 100), STATE_UNDECIDED);
    cr_assert (served_state_doubt (s_served, doubt, 100));
    cr_assert (state_id_equal (&doubt[0], &s_one) && state_id_equal (&doubt[1], &s_other));
    cr_assert_eq (served_state_judge (s_served, &s_one, true, 1500), STATE_UNDECIDED);
    cr_assert_eq (served_state_judge (s_served, &s_one, true, 3000), STATE_SERVED);
    cr_assert_not (served_state_doubt (s_served, doubt, 3000));
}

Test (served_state, processors_that_name_none_are_served_as_long_as_no_other_does)
{
    cr_assert_eq (served_state_judge (s_served, &s_unknown, false, 0), STATE_SERVED);
    cr_assert_eq (served_state_judge (s_served, &s_one, true, 0), STATE_SERVED);
    cr_assert_eq (served_state_judge (s_served, &s_unknown, true, 0), STATE_REFUSED);
}

Test (served_state, a_uuid_is_written_and_read_in_the_usual_form)
{
    state_id_t made = state_id_new ();
    state_id_t read;
    char text[STATE_ID_TEXT_SIZE];
    state_id_text (&made, text);
    cr_assert_eq (strlen (text), 36);
    cr_assert_eq (text[14], '4', "version 4");
    cr_assert (state_id_parse (&read, text_from (text)));
    cr_assert (state_id_equal (&made, &read));
    cr_assert_not (state_id_parse (&read, text_from ("193270a9-c9cf-404a-8f83")));
    text[8] = '0';
    cr_assert_not (state_id_parse (&read, text_from (text)));
}
