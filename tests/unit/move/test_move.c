//  The texts in which stores keep marks and ancestors, and the comparison after a move.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "common/domain/state_ancestors.h"
#include "common/domain/state_mark.h"
#include "move/tally.h"
#include "processor/choose_store.h"

Test (state_mark, what_is_written_is_read)
{
    for (state_phase_t phase = STATE_UNMARKED; phase <= STATE_MOVED; phase++) {
        state_mark_t mark = {.phase = phase, .other = state_id_new (), .place = "sqlite:/a b"};
        state_mark_t read;
        char text[STATE_MARK_TEXT_SIZE];
        state_mark_text (&mark, text);
        cr_assert (state_mark_parse (&read, text_from (text)));
        cr_assert (state_mark_equal (&mark, &read));
        cr_assert_str_eq (read.place, phase == STATE_UNMARKED ? "" : mark.place);
    }
}

Test (state_mark, what_is_none_is_refused)
{
    static const char *const texts[] = {"moved", "moved ", "moved 193270a9-c9cf-404a-8f83", "gone",
        "moved 193270a9-c9cf-404a-8f83-838e71d9ae6z there"};
    state_mark_t mark;
    for (size_t index = 0; index < sizeof texts / sizeof *texts; index++)
        cr_assert_not (state_mark_parse (&mark, text_from (texts[index])), "%s", texts[index]);
}

Test (state_ancestors, what_is_written_is_read)
{
    state_ancestors_t ancestors = {0};
    for (int count = 0; count <= STATE_ANCESTORS_MAX; count++) {
        state_ancestors_t read;
        char text[STATE_ANCESTORS_TEXT_SIZE];
        state_ancestors_text (&ancestors, text);
        cr_assert (state_ancestors_parse (&read, text_from (text)));
        cr_assert_eq (read.count, ancestors.count);
        for (uint32_t index = 0; index < read.count; index++)
            cr_assert (state_id_equal (&read.ids[index], &ancestors.ids[index]));
        state_id_t next = state_id_new ();
        state_ancestors_add (&ancestors, &next);
    }
    cr_assert_not (state_ancestors_parse (&ancestors, text_from ("193270a9")));
}

Test (tally, the_order_does_not_matter_and_a_change_does)
{
    rocket_view_t one = {.id = text_from ("one"), .speed = 3};
    rocket_view_t other = {.id = text_from ("other"), .speed = 4};
    tally_t a = {0};
    tally_t b = {0};
    tally_add (&a, &one);
    tally_add (&a, &other);
    tally_add (&b, &other);
    tally_add (&b, &one);
    cr_assert (tally_equal (&a, &b));
    tally_t c = {0};
    tally_add (&c, &one);
    cr_assert_not (tally_equal (&a, &c));
    other.speed = 5;
    tally_add (&c, &other);
    cr_assert_not (tally_equal (&a, &c));
}

Test (store_choice, a_place_shows_no_password)
{
    static const char *const cases[][2] = {
        {"postgres://u:secret@host:5432/db?password=secret", "postgres://u@host:5432/db"},
        {"postgresql://host/db", "postgresql://host/db"},
        {"postgres://u:se@cret@a,b/db", "postgres://u@a,b/db"},
        {"postgres://host?user=u", "postgres://host"},
        {"postgres://", "postgres://"},
        {"sqlite:/var/lib/../state", "sqlite:/var/state"},
    };
    for (size_t index = 0; index < sizeof cases / sizeof *cases; index++) {
        store_choice_t choice;
        char place[STATE_PLACE_SIZE];
        cr_assert (store_choice_read (&choice, cases[index][0]));
        store_choice_place (&choice, place);
        cr_assert_str_eq (place, cases[index][1]);
    }
    store_choice_t choice;
    cr_assert_not (store_choice_read (&choice, "memory"));
    cr_assert_not (store_choice_read (&choice, "sqlite:"));
}
