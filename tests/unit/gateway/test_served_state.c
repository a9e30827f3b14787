//  The state that a gateway serves: the first one it hears, or none while it cannot tell.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "gateway/owners/served_state.h"

static const state_id_t s_one = {{1}};
static const state_id_t s_other = {{2}};
static const state_id_t s_third = {{3}};
static const state_id_t s_unknown;
static served_state_t *s_served;

//  Judge a state that was never moved.
static state_verdict_t
s_judge (const state_id_t *state, bool is_last, int64_t now_ms)
{
    return served_state_judge (s_served, state, &(state_ancestors_t){0}, is_last, now_ms);
}

//  Judge a state that was moved from another one.
static state_verdict_t
s_judge_moved (const state_id_t *state, const state_id_t *from, int64_t now_ms)
{
    state_ancestors_t ancestors = {0};
    state_ancestors_add (&ancestors, from);
    return served_state_judge (s_served, state, &ancestors, true, now_ms);
}

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
    cr_assert_eq (s_judge (&s_one, true, 0), STATE_SERVED);
    cr_assert_eq (s_judge (&s_other, true, 0), STATE_REFUSED);
    cr_assert_eq (s_judge (&s_unknown, true, 0), STATE_REFUSED);
    state_id_t served = served_state_get (s_served);
    cr_assert (state_id_equal (&served, &s_one));
}

Test (served_state, while_others_may_still_speak_it_waits_for_a_moment)
{
    cr_assert_eq (s_judge (&s_one, false, 0), STATE_UNDECIDED);
    cr_assert_eq (s_judge (&s_one, false, STATE_CHOICE_MS - 1), STATE_UNDECIDED);
    cr_assert_eq (s_judge (&s_one, false, STATE_CHOICE_MS), STATE_SERVED);
}

Test (served_state, of_two_that_are_heard_at_first_none_is_served_until_one_is_silent)
{
    state_id_t doubt[2];
    cr_assert_eq (s_judge (&s_one, false, 0), STATE_UNDECIDED);
    cr_assert_not (served_state_doubt (s_served, doubt, 0));
    cr_assert_eq (s_judge (&s_other, true, 100), STATE_UNDECIDED);
    cr_assert (served_state_doubt (s_served, doubt, 100));
    cr_assert (state_id_equal (&doubt[0], &s_one) && state_id_equal (&doubt[1], &s_other));
    cr_assert_eq (s_judge (&s_one, true, 1500), STATE_UNDECIDED);
    cr_assert_eq (s_judge (&s_one, true, 3000), STATE_SERVED);
    cr_assert_not (served_state_doubt (s_served, doubt, 3000));
}

Test (served_state, processors_that_name_none_are_served_as_long_as_no_other_does)
{
    cr_assert_eq (s_judge (&s_unknown, false, 0), STATE_SERVED);
    cr_assert_eq (s_judge (&s_one, true, 0), STATE_SERVED);
    cr_assert_eq (s_judge (&s_unknown, true, 0), STATE_REFUSED);
}

Test (served_state, a_moved_one_is_followed_once_the_processors_of_the_old_one_are_silent)
{
    cr_assert_eq (s_judge (&s_one, true, 0), STATE_SERVED);
    cr_assert_eq (s_judge (&s_one, true, 1000), STATE_SERVED);
    cr_assert_eq (s_judge_moved (&s_other, &s_one, 2999), STATE_UNDECIDED);
    cr_assert_eq (s_judge_moved (&s_other, &s_one, 3000), STATE_SERVED);
    cr_assert_eq (s_judge (&s_one, true, 9000), STATE_REFUSED, "there is no way back");
    cr_assert_eq (s_judge_moved (&s_other, &s_one, 9000), STATE_SERVED);
}

Test (served_state, one_that_was_moved_from_a_state_that_is_not_served_is_refused)
{
    cr_assert_eq (s_judge (&s_one, true, 0), STATE_SERVED);
    cr_assert_eq (s_judge_moved (&s_other, &s_third, 9000), STATE_REFUSED);
}

Test (served_state, one_that_was_moved_several_times_is_followed)
{
    state_ancestors_t ancestors = {0};
    state_ancestors_add (&ancestors, &s_one);
    state_ancestors_add (&ancestors, &s_other);
    cr_assert_eq (s_judge (&s_one, true, 0), STATE_SERVED);
    cr_assert_eq (served_state_judge (s_served, &s_third, &ancestors, true, 5000), STATE_SERVED);
}

Test (served_state, of_two_that_are_heard_at_first_the_moved_one_is_served)
{
    cr_assert_eq (s_judge (&s_one, false, 0), STATE_UNDECIDED);
    cr_assert_eq (s_judge_moved (&s_other, &s_one, 100), STATE_SERVED);
    cr_assert_eq (s_judge (&s_one, true, 200), STATE_REFUSED);
}

Test (served_state, a_list_of_ancestors_drops_the_oldest)
{
    state_ancestors_t ancestors = {0};
    for (uint8_t number = 1; number <= STATE_ANCESTORS_MAX + 1; number++)
        state_ancestors_add (&ancestors, &(state_id_t){{number}});
    cr_assert_eq (ancestors.count, STATE_ANCESTORS_MAX);
    cr_assert_eq (ancestors.ids[0].bytes[0], STATE_ANCESTORS_MAX + 1, "the newest comes first");
    cr_assert (state_ancestors_has (&ancestors, &s_other));
    cr_assert_not (state_ancestors_has (&ancestors, &s_one));
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
