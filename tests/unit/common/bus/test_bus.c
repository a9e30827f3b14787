//  The table of buses: which flags go together.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>

#include "common/bus/bus.h"
#include "common/bus/frame_tag.h"

static char s_refusal[BUS_REFUSAL_SIZE];

//  Return true if flags are taken.
static bool
s_is_taken (const bus_flags_t *flags)
{
    bus_choice_t choice;
    s_refusal[0] = 0;
    return bus_choose (flags, &choice, s_refusal);
}

Test (bus, every_bus_has_a_name_and_a_choice)
{
    bus_choice_t choice;
    for (int bus = 0; bus < BUS_COUNT; bus++) {
        bus_flags_t flags = {.bus = bus, .topic = "t"};
        if (bus_needed_setting ((bus_t) bus)) {
            cr_expect_not (s_is_taken (&flags), "%s needs a file", bus_name ((bus_t) bus));
            cr_expect_not_null (strstr (s_refusal, bus_needed_setting ((bus_t) bus)));
            flags.settings[bus] = "file";
            flags.dead_letter = "d";
        }
        cr_assert (bus_choose (&flags, &choice, s_refusal), "%s", s_refusal);
        cr_expect_eq (choice.bus, (bus_t) bus);
        cr_expect_eq (choice.settings, flags.settings[bus]);
        cr_expect_eq (choice.dead_letter, flags.dead_letter);
    }
}

Test (bus, a_flag_of_another_bus_is_refused)
{
    cr_expect_not (s_is_taken (&(bus_flags_t){.topic = "t", .settings[BUS_KAFKA] = "f"}));
    cr_expect_str_eq (s_refusal,
        "--kafka-config does not go with --bus=zmq: leave it out, or choose --bus=kafka");
    cr_expect_not (s_is_taken (&(bus_flags_t){.topic = "t", .dead_letter = "d"}));
}

Test (bus, names_of_topics_are_checked)
{
    bus_flags_t flags = {.bus = BUS_KAFKA, .settings[BUS_KAFKA] = "f"};
    static const char *const bad[] = {"", ".", "..", "a b", "a/b", "\xc3\xa9"};
    for (size_t index = 0; index < G_N_ELEMENTS (bad); index++) {
        flags.topic = bad[index];
        cr_expect_not (s_is_taken (&flags), "%s", bad[index]);
    }
    char longest[251];
    memset (longest, 'a', sizeof longest);
    longest[250] = 0;
    flags.topic = longest;
    cr_expect_not (s_is_taken (&flags));
    longest[249] = 0;
    cr_expect (s_is_taken (&flags));
    flags.dead_letter = longest;
    cr_expect_not (s_is_taken (&flags), "the same topic");
    flags.dead_letter = "a b";
    cr_expect_not (s_is_taken (&flags));
    flags.dead_letter = "A-b_9.c";
    cr_expect (s_is_taken (&flags));
}

Test (bus, a_tag_is_read_back)
{
    frame_head_t head = {.source = "0123456789abcde", .sequence = 0x0102030405060708};
    frame_head_t read = {.partition = 7};
    uint64_t digest = 0;
    uint8_t tag[FRAME_TAG_SIZE];
    frame_tag_write (tag, &head, 0xa1a2a3a4a5a6a7a8);
    cr_assert (frame_tag_read (tag, sizeof tag, &read, &digest));
    cr_expect_arr_eq (read.source, head.source, FRAME_SOURCE_SIZE);
    cr_expect_eq (read.sequence, head.sequence);
    cr_expect_eq (digest, 0xa1a2a3a4a5a6a7a8);
    cr_expect_not (frame_tag_read (tag, sizeof tag - 1, &read, &digest));
}

Test (bus, only_a_record_as_a_gateway_writes_it_may_have_a_tag)
{
    cr_expect (frame_tag_may_be_on (text_from ("{\"metadata\":{\"channel\":\"a\",")));
    cr_expect_not (frame_tag_may_be_on (text_from ("{\"metadata\": {\"channel\": \"a\",")));
    cr_expect_not (frame_tag_may_be_on (text_from ("{\"metadata\":{\"channel\"")));
    cr_expect_not (frame_tag_may_be_on ((text_t){0}));
}
