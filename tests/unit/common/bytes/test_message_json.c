//  JSON text to messages: the members of a message, and the reports about members that break a
//  rule.
//  SPDX-License-Identifier: Apache-2.0
#include "read_bodies.h"

TestSuite (message_json, .init = s_set_up, .fini = s_tear_down, .timeout = 60);

Test (message_json, each_kind_is_read)
{
    static const case_t cases[] = {
        {"{" METADATA ("RocketLaunched") ",\"message\":{\"type\":\"Falcon-9\","
                                         "\"launchSpeed\":500,\"mission\":\"ARTEMIS\"}}",
            "0: RocketLaunched channel=c number=3 time=1643827145863370 speed=500 type=Falcon-9"
            " mission=ARTEMIS\n"},
        {SPED_UP, "0: " SPED_UP_TOLD},
        {"{" METADATA ("RocketSpeedDecreased") ",\"message\":{\"by\":0}}",
            "0: RocketSpeedDecreased channel=c number=3 time=1643827145863370 speed=0\n"},
        {"{" METADATA ("RocketExploded") ",\"message\":{\"reason\":\"\"}}",
            "0: RocketExploded channel=c number=3 time=1643827145863370 speed=0 reason=\n"},
        {"{" METADATA ("RocketMissionChanged") ",\"message\":{\"newMission\":\"MIR\"}}",
            "0: RocketMissionChanged channel=c number=3 time=1643827145863370 speed=0"
            " mission=MIR\n"}};
    EXPECT_MESSAGE (cases);
}

Test (message_json, members_may_stand_in_any_order_and_with_blanks_between)
{
    const char *text = " {\t\"message\" : { \"by\" : 3000 } ,\r \"metadata\" : {"
                       "\"messageType\" :\"RocketSpeedIncreased\", \"messageTime\": "
                       "\"2022-02-02T18:39:05.86337Z\", \"messageNumber\":3,\"channel\":\"c\" } } ";
    cr_expect_str_eq (s_read_document (text), "0: " SPED_UP_TOLD);
    cr_expect_str_eq (s_read_lines (text), "0: " SPED_UP_TOLD);
}

#define STRANGE                                                                                    \
    "\"x\":[{\"by\":1,\"by\":2},[[null]],\"\\u0000\"],\"messageTypes\":true,\"\":{},\"By\":-1,"    \
    "\"by \":1,\"x\":1e5,\"metadat\":{},\"messages\":[]"

Test (message_json, other_members_are_ignored_whatever_they_hold)
{
    static const case_t cases[] = {
        {"{" STRANGE ",\"channel\":1,\"by\":2,\"by\":3," METADATA ("RocketSpeedIncreased")  //
            ",\"message\":{\"by\":3000}}",
            "0: " SPED_UP_TOLD},
        {"{\"metadata\":{\"channel\":\"c\"," STRANGE ",\"message\":1,\"message\":2,"
         "\"messageNumber\":3,\"messageTime\":\"2022-02-02T18:39:05.86337Z\","
         "\"messageType\":\"RocketSpeedIncreased\"},\"message\":{\"by\":3000}}",
            "0: " SPED_UP_TOLD},
        {"{" METADATA ("RocketSpeedIncreased") ",\"message\":{\"type\":1,\"type\":2,"
                                               "\"launchSpeed\":\"\",\"mission\":[],\"reason\":{},"
                                               "\"newMission\":null,\"newMission\":3,"
                                               "\"channel\":\"\",\"by\":3000,\"metadata\":1,"
                                               "\"message\":{\"by\":1}}}",
            "0: " SPED_UP_TOLD}};
    EXPECT_MESSAGE (cases);
}

Test (message_json, escapes_are_undone_in_names_and_values)
{
    static const case_t cases[] = {
        {"{\"m\\u0065tadata\":{\"ch\\u0061nnel\":\"\\u0063\",\"messageNumber\":3,"
         "\"messageTime\":\"2022-02-02T18:39:05.86337\\u005a\","
         "\"messageType\":\"Rocket\\u0053peedIncreased\"},\"\\u006dessage\":{\"b\\u0079\":3000}}",
            "0: " SPED_UP_TOLD},
        {"{" METADATA (
             "RocketExploded") ",\"message\":{\"reason\":"
                               "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u00e9\\ud83d\\ude80\"}}",
            "0: RocketExploded channel=c number=3 time=1643827145863370 speed=0 "
            "reason=\"\\/\\x08\\x0c\\x0a\\x0d\\x09\\x00\xc3\xa9\xf0\x9f\x9a\x80\n"},
        //  a member given twice, once with an escape
        {"{" METADATA ("RocketSpeedIncreased") ",\"message\":{\"by\":1,\"\\u0062y\":1}}",
            "0: '/message/by' is given more than once\n"},
        //  a name with a zero byte behind it is another name
        {"{" METADATA ("RocketSpeedIncreased") ",\"message\":{\"by\\u0000\":1}}",
            "0: '/message/by' is missing\n"}};
    EXPECT_MESSAGE (cases);
}

//  Put a value in the place of each member and expect the verdict of the rule.
static void
s_expect_value (const char *before, const char *value, const char *after, const char *told)
{
    char *text = NULL;
    cr_assert (asprintf (&text, "%s%s%s", before, value, after) > 0);
    cr_expect_str_eq (s_read_document (text), told, "%s", text);
    free (text);
}

Test (message_json, an_integer_is_in_range_and_exact_in_any_form)
{
    static const struct {
        const char *text;
        const char *number;
    } good[] = {{"1", "1"}, {"9007199254740991", "9007199254740991"}, {"1.0", "1"}, {"3e3", "3000"},
        {"1E0", "1"}, {"1.5e1", "15"}, {"3000.0", "3000"}, {"30E+2", "3000"},
        {"3000000e-3", "3000"}, {"0.0003e7", "3000"}, {"9007199254740991.000", "9007199254740991"},
        {"9.007199254740991e15", "9007199254740991"}, {"90071992547409910e-1", "9007199254740991"},
        {"1e15", "1000000000000000"}, {"10e14", "1000000000000000"},
        {"1.00000000000000000000000000000000000000000", "1"}, {"3e0000000000000000000003", "3000"},
        {"0.0000000000000000000000000000000000003e40", "3000"}};
    static const char *const bad[] = {"-1", "0.5", "-1.0", "-3e3", "1.5",
        "3000.0000000000000000001", "9007199254740990.5", "9007199254740991.5",
        "4503599627370497.5", "1e-1", "10.01e1", "9.007199254740992e15", "1e16", "9007199254740992",
        "9007199254740992.0", "9223372036854775807", "9223372036854775808", "18446744073709551615",
        "18446744073709551616", "-9223372036854775808", "-9223372036854775809",
        "99999999999999999999", "-99999999999999999999", "1e308", "1e400", "-1e400", "1e-400",
        "1e99999999999999999999", "123456789012345678901234567890123456789012345678901234567890",
        "\"1\"", "true", "null", "[1]", "{}", "\"\""};
    const char *number[] = {"{\"metadata\":{\"channel\":\"c\",\"messageNumber\":",
        ",\"messageTime\":\"2022-02-02T18:39:05Z\",\"messageType\":\"RocketExploded\"},"
        "\"message\":{\"reason\":\"r\"}}"};
    const char *by[] = {"{" METADATA ("RocketSpeedDecreased") ",\"message\":{\"by\":", "}}"};
    const char *launch[] = {"{" METADATA ("RocketLaunched") ",\"message\":{\"type\":\"t\","
                                                            "\"mission\":\"m\",\"launchSpeed\":",
        "}}"};
    for (size_t at = 0; at < sizeof good / sizeof good[0]; at++) {
        char told[256];
        snprintf (told, sizeof told,
            "0: RocketExploded channel=c number=%s time=1643827145000000 speed=0 reason=r\n",
            good[at].number);
        s_expect_value (number[0], good[at].text, number[1], told);
        snprintf (told, sizeof told,
            "0: RocketSpeedDecreased channel=c number=3 time=1643827145863370 speed=%s\n",
            good[at].number);
        s_expect_value (by[0], good[at].text, by[1], told);
    }
    for (size_t at = 0; at < sizeof bad / sizeof bad[0]; at++) {
        s_expect_value (number[0], bad[at], number[1],
            "0: '/metadata/messageNumber' must be an integer from 1 to 9007199254740991\n");
        s_expect_value (by[0], bad[at], by[1],
            "0: '/message/by' must be an integer from 0 to 9007199254740991\n");
        s_expect_value (launch[0], bad[at], launch[1],
            "0: '/message/launchSpeed' must be an integer from 0 to 9007199254740991\n");
    }
    s_expect_value (number[0], "0", number[1],
        "0: '/metadata/messageNumber' must be an integer from 1 to 9007199254740991\n");
    s_expect_value (by[0], "-0", by[1],
        "0: RocketSpeedDecreased channel=c number=3 time=1643827145863370 speed=0\n");
    s_expect_value (by[0], "-0.0", by[1],
        "0: RocketSpeedDecreased channel=c number=3 time=1643827145863370 speed=0\n");
    s_expect_value (by[0], "0e999", by[1],
        "0: RocketSpeedDecreased channel=c number=3 time=1643827145863370 speed=0\n");
}

Test (message_json, a_number_of_any_size_may_stand_where_nobody_looks)
{
    static const char *const numbers[] = {"18446744073709551616", "-9223372036854775809", "1e400",
        "-1.5E+400", "123456789012345678901234567890", "[1e999,\"1e999\\\"\",-1e-999]",
        "\"\\\\\",\"y\":1e999", "0,\"-12345678901234567890\":12345678901234567890,\"z\":\"1e9\""};
    for (size_t at = 0; at < sizeof numbers / sizeof numbers[0]; at++)
        s_expect_value ("{" METADATA ("RocketSpeedIncreased") ",\"x\":", numbers[at],
            ",\"message\":{\"by\":3000}}", "0: " SPED_UP_TOLD);
}

Test (message_json, a_body_with_a_huge_number_keeps_its_texts)
{
    cr_expect_str_eq (s_read_document ("{" METADATA (
                          "RocketExploded") ",\"x\":1e999,\"message\":{\"reason\":"
                                            "\"-1.5e300 \\\" 12345678901234567890 \\\\\"}}"),
        "0: RocketExploded channel=c number=3 time=1643827145863370 speed=0 "
        "reason=-1.5e300 \" 12345678901234567890 \\\n");
}

Test (message_json, text_where_a_string_must_be)
{
    static const char *const bad[] = {"1", "true", "null", "[]", "{\"a\":\"b\"}", "1e999"};
    for (size_t at = 0; at < sizeof bad / sizeof bad[0]; at++) {
        s_expect_value ("{" METADATA ("RocketExploded") ",\"message\":{\"reason\":", bad[at], "}}",
            "0: '/message/reason' must be a string of at most 256 bytes\n");
        s_expect_value ("{" METADATA ("RocketMissionChanged") ",\"message\":{\"newMission\":",
            bad[at], "}}", "0: '/message/newMission' must be a string of at most 256 bytes\n");
        s_expect_value ("{" METADATA ("RocketLaunched") ",\"message\":{\"launchSpeed\":1,"
                                                        "\"mission\":\"\",\"type\":",
            bad[at], "}}", "0: '/message/type' must be a string of at most 256 bytes\n");
        s_expect_value ("{" METADATA ("RocketLaunched") ",\"message\":{\"launchSpeed\":1,"
                                                        "\"type\":\"\",\"mission\":",
            bad[at], "}}", "0: '/message/mission' must be a string of at most 256 bytes\n");
    }
}

Test (message_json, sizes_count_bytes_once_escapes_are_undone)
{
    char escapes[129 * 6 + 1] = "";
    for (int at = 0; at < 128; at++)
        strcat (escapes, "\\u00e9");
    char told[1024] = "0: RocketExploded channel=c number=3 time=1643827145863370 speed=0 reason=";
    for (int at = 0; at < 128; at++)
        strcat (told, "\xc3\xa9");
    strcat (told, "\n");
    s_expect_value (
        "{" METADATA ("RocketExploded") ",\"message\":{\"reason\":\"", escapes, "\"}}", told);
    strcat (escapes, "x");
    s_expect_value ("{" METADATA ("RocketExploded") ",\"message\":{\"reason\":\"", escapes, "\"}}",
        "0: '/message/reason' must be a string of at most 256 bytes\n");
}

#define KIND_RULE                                                                                  \
    "must be RocketLaunched, RocketSpeedIncreased, RocketSpeedDecreased, RocketExploded "          \
    "or RocketMissionChanged\n"
#define NUMBER_RULE "must be an integer from 1 to 9007199254740991\n"
#define SPEED_RULE "must be an integer from 0 to 9007199254740991\n"
#define TIME_RULE                                                                                  \
    "must be an RFC 3339 date-time with offset, such as 2022-02-02T19:39:05.86337+01:00\n"
#define CHANNEL_RULE                                                                               \
    "must be a string of 1 to 128 bytes without control, format or line separator characters\n"

Test (message_json, each_broken_rule_is_told_at_its_place)
{
    static const case_t cases[] = {{"{}", "0: '/metadata' is missing\n"},
        {"{\"Metadata\":{},\"message\":{}}", "0: '/metadata' is missing\n"},
        {"{\"metadata\":1}", "0: '/metadata' must be an object\n"},
        {"{\"metadata\":[],\"message\":{}}", "0: '/metadata' must be an object\n"},
        {"{\"metadata\":null}", "0: '/metadata' must be an object\n"},
        {"{\"metadata\":{},\"metadata\":{}}", "0: '/metadata' is given more than once\n"},
        {"{\"metadata\":1,\"metadata\":2,\"metadata\":3}",
            "0: '/metadata' is given more than once\n"},
        {"{\"metadata\":{}}", "0: '/metadata/channel' is missing\n"},
        {"{\"metadata\":{\"channel\":\"c\",\"channel\":\"c\"}}",
            "0: '/metadata/channel' is given more than once\n"},
        {"{\"metadata\":{\"channel\":1}}", "0: '/metadata/channel' " CHANNEL_RULE},
        {"{\"metadata\":{\"channel\":\"\"}}", "0: '/metadata/channel' " CHANNEL_RULE},
        {"{\"metadata\":{\"channel\":\"a\\u0000\"}}", "0: '/metadata/channel' " CHANNEL_RULE},
        {"{\"metadata\":{\"channel\":\"a\\n\"}}", "0: '/metadata/channel' " CHANNEL_RULE},
        {"{\"metadata\":{\"channel\":\"a\\u0085\"}}", "0: '/metadata/channel' " CHANNEL_RULE},
        {"{\"metadata\":{\"channel\":\"c\"}}", "0: '/metadata/messageNumber' is missing\n"},
        {"{\"metadata\":{\"channel\":\"c\",\"messageNumber\":1,\"messageNumber\":1}}",
            "0: '/metadata/messageNumber' is given more than once\n"},
        {"{\"metadata\":{\"channel\":\"c\",\"messageNumber\":1}}",
            "0: '/metadata/messageTime' is missing\n"},
        {"{\"metadata\":{\"channel\":\"c\",\"messageNumber\":1,\"messageTime\":1643827145}}",
            "0: '/metadata/messageTime' " TIME_RULE},
        {"{\"metadata\":{\"channel\":\"c\",\"messageNumber\":1,\"messageTime\":\"yesterday\","
         "\"messageType\":\"RocketExploded\"}}",
            "0: '/metadata/messageTime' " TIME_RULE},
        {"{\"metadata\":{\"channel\":\"c\",\"messageNumber\":1,"
         "\"messageTime\":\"2022-02-02T18:39:05Z\",\"messageTime\":\"2022-02-02T18:39:05Z\"}}",
            "0: '/metadata/messageTime' is given more than once\n"},
        {"{\"metadata\":{\"channel\":\"c\",\"messageNumber\":1,"
         "\"messageTime\":\"2022-02-02T18:39:05Z\"}}",
            "0: '/metadata/messageType' is missing\n"},
        {"{" METADATA ("RocketLost") "}", "0: '/metadata/messageType' " KIND_RULE},
        {"{" METADATA ("") ",\"message\":1}", "0: '/metadata/messageType' " KIND_RULE},
        {"{\"metadata\":{\"channel\":\"c\",\"messageNumber\":1,\"messageType\":1,"
         "\"messageTime\":\"2022-02-02T18:39:05Z\"}}",
            "0: '/metadata/messageType' " KIND_RULE},
        {"{\"metadata\":{\"channel\":\"c\",\"messageNumber\":1,\"messageType\":\"\","
         "\"messageTime\":\"2022-02-02T18:39:05Z\",\"messageType\":\"RocketExploded\"}}",
            "0: '/metadata/messageType' is given more than once\n"},
        {"{" METADATA ("RocketExploded") "}", "0: '/message' is missing\n"},
        {"{" METADATA ("RocketExploded") ",\"message\":\"r\"}",
            "0: '/message' must be an object\n"},
        {"{" METADATA ("RocketExploded") ",\"message\":{\"reason\":\"r\"},\"message\":{}}",
            "0: '/message' is given more than once\n"},
        {"{" METADATA ("RocketLaunched") ",\"message\":{}}", "0: '/message/type' is missing\n"},
        {"{" METADATA ("RocketLaunched") ",\"message\":{\"type\":\"t\"}}",
            "0: '/message/launchSpeed' is missing\n"},
        {"{" METADATA ("RocketLaunched") ",\"message\":{\"type\":\"t\",\"launchSpeed\":1}}",
            "0: '/message/mission' is missing\n"},
        {"{" METADATA ("RocketLaunched") ",\"message\":{\"type\":\"t\",\"launchSpeed\":1,"
                                         "\"mission\":\"m\",\"mission\":\"m\"}}",
            "0: '/message/mission' is given more than once\n"},
        {"{" METADATA ("RocketLaunched") ",\"message\":{\"type\":\"t\",\"launchSpeed\":1,"
                                         "\"mission\":\"m\",\"type\":\"t\"}}",
            "0: '/message/type' is given more than once\n"},
        {"{" METADATA ("RocketLaunched") ",\"message\":{\"type\":\"t\",\"launchSpeed\":1,"
                                         "\"mission\":\"m\",\"launchSpeed\":1}}",
            "0: '/message/launchSpeed' is given more than once\n"},
        {"{" METADATA ("RocketSpeedIncreased") ",\"message\":{}}", "0: '/message/by' is missing\n"},
        {"{" METADATA ("RocketSpeedDecreased") ",\"message\":{\"launchSpeed\":1}}",
            "0: '/message/by' is missing\n"},
        {"{" METADATA ("RocketSpeedDecreased") ",\"message\":{\"by\":1,\"by\":1}}",
            "0: '/message/by' is given more than once\n"},
        {"{" METADATA ("RocketExploded") ",\"message\":{\"by\":1}}",
            "0: '/message/reason' is missing\n"},
        {"{" METADATA ("RocketExploded") ",\"message\":{\"reason\":\"\",\"reason\":\"\"}}",
            "0: '/message/reason' is given more than once\n"},
        {"{" METADATA ("RocketMissionChanged") ",\"message\":{\"mission\":\"m\"}}",
            "0: '/message/newMission' is missing\n"},
        {"{" METADATA ("RocketMissionChanged") ",\"message\":{\"newMission\":\"m\","
                                               "\"newMission\":\"m\"}}",
            "0: '/message/newMission' is given more than once\n"}};
    EXPECT_FIRST_FAULT (cases);
}

Test (message_json, all_faults_are_told_in_the_order_of_the_rules)
{
    static const case_t cases[] = {{"{}", "0: '/metadata' is missing\n0: '/message' is missing\n"},
        {"{\"metadata\":{},\"message\":5}",
            "0: '/metadata/channel' is missing\n0: '/metadata/messageNumber' is missing\n"
            "0: '/metadata/messageTime' is missing\n0: '/metadata/messageType' is missing\n"
            "0: '/message' must be an object\n"},
        {"{\"metadata\":{\"channel\":1,\"messageNumber\":true,\"messageTime\":\"x\","
         "\"messageType\":\"x\"},\"message\":{}}",
            "0: '/metadata/channel' " CHANNEL_RULE "0: '/metadata/messageNumber' " NUMBER_RULE
            "0: '/metadata/messageTime' " TIME_RULE "0: '/metadata/messageType' " KIND_RULE},
        //  a member that is missing or given twice stands where its rule does
        {"{\"metadata\":{\"channel\":\"\",\"messageNumber\":1,\"messageNumber\":1,"
         "\"messageType\":\"RocketLaunched\"},"
         "\"message\":{\"launchSpeed\":-1,\"mission\":\"m\",\"mission\":\"m\"}}",
            "0: '/metadata/channel' " CHANNEL_RULE
            "0: '/metadata/messageNumber' is given more than once\n"
            "0: '/metadata/messageTime' is missing\n0: '/message/type' is missing\n"
            "0: '/message/launchSpeed' " SPEED_RULE
            "0: '/message/mission' is given more than once\n"},
        //  an object that is missing has no further faults in it
        {"{\"metadata\":[],\"message\":{\"by\":-1}}", "0: '/metadata' must be an object\n"},
        {"{" METADATA ("RocketLaunched") "}", "0: '/message' is missing\n"},
        {"{\"metadata\":{\"channel\":\"c\",\"messageNumber\":0,\"messageTime\":"
         "\"2022-02-02T18:39:05Z\",\"messageType\":\"RocketSpeedIncreased\"},"
         "\"message\":{\"by\":\"1\"}}",
            "0: '/metadata/messageNumber' " NUMBER_RULE "0: '/message/by' " SPEED_RULE}};
    EXPECT_MESSAGE (cases);
}

Test (message_json, the_first_fault_is_that_of_the_first_rule)
{
    static const case_t cases[] = {
        //  a value of the wrong type, or out of range, comes before a later member that is missing
        {"{\"metadata\":{\"channel\":\"\"}}", "0: '/metadata/channel' " CHANNEL_RULE},
        {"{\"metadata\":{\"channel\":\"c\",\"messageNumber\":0,"
         "\"messageTime\":\"2022-02-02T18:39:05Z\"}}",
            "0: '/metadata/messageNumber' must be an integer from 1 to 9007199254740991\n"},
        {"{\"metadata\":{\"channel\":\"c\",\"messageNumber\":1,\"messageTime\":\"x\"}}",
            "0: '/metadata/messageTime' " TIME_RULE},
        {"{" METADATA ("RocketLaunched") ",\"message\":{\"type\":5,\"mission\":\"m\"}}",
            "0: '/message/type' must be a string of at most 256 bytes\n"},
        {"{" METADATA ("RocketLaunched") ",\"message\":{\"type\":\"t\",\"launchSpeed\":-1}}",
            "0: '/message/launchSpeed' must be an integer from 0 to 9007199254740991\n"},
        //  and behind one that comes before it
        {"{\"metadata\":{\"messageNumber\":0}}", "0: '/metadata/channel' is missing\n"},
        {"{\"metadata\":{\"channel\":\"c\",\"messageNumber\":1,\"messageType\":\"x\"}}",
            "0: '/metadata/messageTime' is missing\n"},
        {"{\"message\":{\"by\":-1}}", "0: '/metadata' is missing\n"},
        {"{\"metadata\":{\"channel\":\"c\",\"messageNumber\":true,\"messageTime\":\"x\","
         "\"messageType\":\"x\"},\"message\":1}",
            "0: '/metadata/messageNumber' must be an integer from 1 to 9007199254740991\n"},
        {"{\"metadata\":{\"channel\":\"c\",\"messageNumber\":0,\"messageTime\":"
         "\"2022-02-02T18:39:05Z\",\"messageType\":\"RocketExploded\"}}",
            "0: '/metadata/messageNumber' must be an integer from 1 to 9007199254740991\n"},
        {"{" METADATA ("RocketLaunched") ",\"message\":{\"mission\":1}}",
            "0: '/message/type' is missing\n"}};
    EXPECT_FIRST_FAULT (cases);
}

//  From the first number in another form on, the text is read again; each element appears once.
Test (message_json, integers_in_any_form_stand_among_other_messages)
{
    static const char told[] = "0: " SPED_UP_TOLD "1: '' must be an object\n2: " SPED_UP_TOLD
                               "3: '/message/by' " SPEED_RULE "4: " SPED_UP_TOLD "5: " SPED_UP_TOLD;
#define BY(number)                                                                                 \
    "{" METADATA ("RocketSpeedIncreased") ",\"message\":{\"by\":" number ",\"x\":1e999}}"
    cr_expect_str_eq (s_read_document ("[" SPED_UP ",7," BY ("3e3") "," BY (
                          "0.5") "," SPED_UP "," BY ("3000.00") "]"),
        told);
    cr_expect_str_eq (
        s_read_lines (SPED_UP "\n7\n" BY ("3e3") "\n" BY ("0.5") "\n" SPED_UP "\n" BY ("3000.00")),
        told);
    cr_expect_str_eq (
        s_read_document ("[" SPED_UP "," BY ("3e3") "]"), "0: " SPED_UP_TOLD "1: " SPED_UP_TOLD);
#undef BY
}
