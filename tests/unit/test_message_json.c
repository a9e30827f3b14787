//  JSON text to messages. Every body is read several times, at the very end of a readable page and
//  with other bytes behind it each time, which must make no difference.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/bytes/json_fault.h"
#include "common/bytes/message_json.h"

#define MAX_BODY_BYTES (1024 * 1024)
#define ROOM_BYTES (2 * MAX_BODY_BYTES)

//  What a reading told, a line an event, to be compared as a whole.
typedef struct {
    char text[64 * 1024];
    size_t size;
} record_t;

static void s_write (record_t *self, const char *format, ...)
    __attribute__ ((format (printf, 2, 3)));

static void
s_write (record_t *self, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    size_t room = sizeof self->text - self->size;
    int size = vsnprintf (self->text + self->size, room, format, arguments);
    va_end (arguments);
    cr_assert (size >= 0 && (size_t) size < room);
    self->size += (size_t) size;
}

static void
s_write_text (record_t *self, const char *name, text_t text)
{
    if (!text.data)
        return;
    s_write (self, " %s=", name);
    for (size_t at = 0; at < text.size; at++)
        s_write (self, (unsigned char) text.data[at] < 0x20 ? "\\x%02x" : "%c", text.data[at]);
}

static void
s_accept (void *context, size_t index, const message_t *message)
{
    message_fault_t fault;
    cr_assert (message_check (message, &fault));
    s_write (context, "%zu: %s", index, message_kind_name (message->kind));
    s_write_text (context, "channel", message->channel);
    s_write (context, " number=%lu time=%ld speed=%lu", message->number, message->time_us,
        message->speed);
    s_write_text (context, "type", message->type);
    s_write_text (context, "mission", message->mission);
    s_write_text (context, "reason", message->reason);
    s_write (context, "\n");
}

static void
s_refuse (void *context, size_t index, const char *pointer, const char *detail)
{
    s_write (context, "%zu: '%s' %s\n", index, pointer, detail);
}

static message_json_t *s_reader;
static char *s_room_end;  //  where the page begins that must not be touched

static void
s_set_up (void)
{
    size_t page = (size_t) sysconf (_SC_PAGESIZE);
    char *room =
        mmap (NULL, ROOM_BYTES + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq ((void *) room, MAP_FAILED);
    s_room_end = room + ROOM_BYTES;
    cr_assert_eq (mprotect (s_room_end, page, PROT_NONE), 0);
    s_reader = message_json_new (MAX_BODY_BYTES);
}

static void
s_tear_down (void)
{
    message_json_destroy (&s_reader);
    cr_expect_null (s_reader);
    message_json_destroy (&s_reader);
}

TestSuite (message_json, .init = s_set_up, .fini = s_tear_down, .timeout = 60);

static void
s_read_once (
    record_t *self, text_t body, const char padding[MESSAGE_JSON_PADDING], message_json_form_t form)
{
    char *at = s_room_end - MESSAGE_JSON_PADDING - body.size;
    const char *detail = NULL;
    memcpy (at, body.data, body.size);
    memcpy (at + body.size, padding, MESSAGE_JSON_PADDING);
    self->size = 0;
    self->text[0] = '\0';
    message_json_result_t result =
        message_json_read (s_reader, at, body.size, form, s_accept, s_refuse, self, &detail);
    if (result == MESSAGE_JSON_BROKEN) {
        cr_expect_eq (self->size, 0, "told before broken: %s", self->text);
        s_write (self, "broken: %s\n", detail);
    }
}

//  Returns what was told, good until the next call.
static const char *
s_read (text_t body, message_json_form_t form)
{
    static const char *const paddings[] = {"}", "]]]]]]]]]", ",\"by\":1}}]"};
    static record_t record;
    static record_t again;
    char padding[MESSAGE_JSON_PADDING] = {0};
    s_read_once (&record, body, padding, form);
    for (size_t at = 0; at < sizeof paddings / sizeof paddings[0]; at++) {
        memset (padding, ' ', sizeof padding);
        memcpy (padding, paddings[at], strlen (paddings[at]));
        s_read_once (&again, body, padding, form);
        cr_expect_str_eq (again.text, record.text, "padding %zu", at);
    }
    return record.text;
}

static const char *
s_read_document (const char *text)
{
    return s_read (text_from (text), MESSAGE_JSON_DOCUMENT);
}

static const char *
s_read_lines (const char *text)
{
    return s_read (text_from (text), MESSAGE_JSON_LINES);
}

#define METADATA(type)                                                                             \
    "\"metadata\":{\"channel\":\"c\",\"messageNumber\":3,"                                         \
    "\"messageTime\":\"2022-02-02T19:39:05.86337+01:00\",\"messageType\":\"" type "\"}"
#define SPED_UP "{" METADATA ("RocketSpeedIncreased") ",\"message\":{\"by\":3000}}"
#define SPED_UP_TOLD "RocketSpeedIncreased channel=c number=3 time=1643827145863370 speed=3000\n"

typedef struct {
    const char *text;
    const char *told;
} case_t;

//  Read each text as a document and as a line: one message, told alike.
static void
s_expect_message (const case_t *cases, size_t count)
{
    for (size_t at = 0; at < count; at++) {
        cr_expect_str_eq (s_read_document (cases[at].text), cases[at].told, "%s", cases[at].text);
        cr_expect_str_eq (s_read_lines (cases[at].text), cases[at].told, "%s", cases[at].text);
    }
}

#define EXPECT_MESSAGE(cases) s_expect_message (cases, sizeof cases / sizeof cases[0])

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

Test (message_json, an_integer_is_written_as_one_and_in_range)
{
    static const char *const good[] = {"1", "9007199254740991"};
    static const char *const bad[] = {"-1", "1.0", "1e3", "1E0", "0.5", "-0.0", "1.5e1",
        "9007199254740992", "9223372036854775807", "9223372036854775808", "18446744073709551615",
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
            good[at]);
        s_expect_value (number[0], good[at], number[1], told);
        snprintf (told, sizeof told,
            "0: RocketSpeedDecreased channel=c number=3 time=1643827145863370 speed=%s\n",
            good[at]);
        s_expect_value (by[0], good[at], by[1], told);
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
    EXPECT_MESSAGE (cases);
}

Test (message_json, only_the_first_fault_in_the_order_of_the_rules_is_told)
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
    EXPECT_MESSAGE (cases);
}

Test (message_json, many_messages_are_told_in_order_each_with_its_place)
{
    cr_expect_str_eq (s_read_document ("[" SPED_UP ",{},3," SPED_UP ",[" SPED_UP "],null]"),
        "0: " SPED_UP_TOLD "1: '/metadata' is missing\n"
        "2: '' must be an object\n"
        "3: " SPED_UP_TOLD "4: '' must be an object\n"
        "5: '' must be an object\n");
    cr_expect_str_eq (s_read_document ("[ ]"), "");
    cr_expect_str_eq (s_read_document ("[\"\"]"), "0: '' must be an object\n");
}

Test (message_json, a_document_that_is_neither_object_nor_array_is_broken)
{
    static const char *const texts[] = {
        "1", "\"x\"", "true", "null", " -0.5e3 ", "1e999", "99999999999999999999"};
    for (size_t at = 0; at < sizeof texts / sizeof texts[0]; at++) {
        cr_expect_str_eq (s_read_document (texts[at]),
            "broken: the body must be an object or an array of objects\n", "%s", texts[at]);
        cr_expect_str_eq (s_read_lines (texts[at]), "0: '' must be an object\n", "%s", texts[at]);
    }
}

Test (message_json, a_blank_body_is_broken)
{
    static const char *const texts[] = {
        "", " ", "\n", "\r\n\r\n", " \t\n\n \r\n", "\xef\xbb\xbf", "\xef\xbb\xbf\n"};
    for (size_t at = 0; at < sizeof texts / sizeof texts[0]; at++) {
        cr_expect_str_eq (s_read_document (texts[at]), "broken: the body holds no message\n");
        cr_expect_str_eq (s_read_lines (texts[at]), "broken: the body holds no message\n");
    }
}

Test (message_json, lines_end_with_or_without_a_carriage_return_or_with_the_body)
{
    static const char *const texts[] = {SPED_UP "\n" SPED_UP, SPED_UP "\n" SPED_UP "\n",
        SPED_UP "\r\n" SPED_UP "\r\n", SPED_UP "\n\n \t\r\n\r\n" SPED_UP "\r\n\n",
        "\n\n" SPED_UP "\n\r" SPED_UP "\r", "  " SPED_UP "  \n\t" SPED_UP "\t"};
    for (size_t at = 0; at < sizeof texts / sizeof texts[0]; at++)
        cr_expect_str_eq (
            s_read_lines (texts[at]), "0: " SPED_UP_TOLD "1: " SPED_UP_TOLD, "%zu", at);
}

Test (message_json, a_bad_line_is_refused_and_the_others_are_read)
{
    cr_expect_str_eq (s_read_lines ("\n{]\n" SPED_UP "\n[" SPED_UP "]\n{\"metadata\":\n}\n" SPED_UP
                                    " " SPED_UP "\n{}\n\f\n" SPED_UP),
        "0: '' is no JSON near column 2: invalid object key (must be a string)\n"
        "1: " SPED_UP_TOLD "2: '' must be an object\n"
        "3: '' is no JSON near column 13: premature EOF\n"
        "4: '' is no JSON near column 1: unallowed token at this point in JSON text\n"
        "5: '' is no JSON near column 155: trailing garbage\n"
        "6: '/metadata' is missing\n"
        "7: '' is no JSON near column 2: premature EOF\n"
        "8: " SPED_UP_TOLD);
}

Test (message_json, a_byte_order_mark_before_the_body_is_passed_over)
{
    cr_expect_str_eq (s_read_document ("\xef\xbb\xbf" SPED_UP), "0: " SPED_UP_TOLD);
    cr_expect_str_eq (
        s_read_lines ("\xef\xbb\xbf" SPED_UP "\n" SPED_UP), "0: " SPED_UP_TOLD "1: " SPED_UP_TOLD);
    cr_expect_str_eq (s_read_document ("\xef\xbb\xbf\xef\xbb\xbf" SPED_UP),
        "broken: the body is no JSON near line 1, column 1: invalid char in json text\n");
}

Test (message_json, a_broken_document_is_told_with_the_place_of_its_fault)
{
    static const case_t cases[] = {
        {"[" SPED_UP ",\n " SPED_UP ",\n]",
            "broken: the body is no JSON near line 3, column 1: unallowed token at this point in "
            "JSON text\n"},
        {"{\n  \"\xc3\xa9\xc3\xa9\": 'x'\n}",
            "broken: the body is no JSON near line 2, column 9: invalid char in json text\n"},
        {"{\"a\":\n\n1", "broken: the body is no JSON near line 3, column 2: premature EOF\n"},
        {"[\"\xc3\xa9\",\n\"\xed\xa0\x80\"]",
            "broken: the body is no JSON near line 2, column 2: a byte that is not UTF-8\n"},
        {"[\"\\ud800\"]", "broken: the body is no JSON: a string holds half of a surrogate pair\n"},
        {"{}\n\"a", "broken: the body is no JSON: a string does not end\n"},
        {"{}\f", "broken: the body is no JSON: it holds something that does not belong there\n"},
        {"{} {}", "broken: the body is no JSON near line 1, column 4: trailing garbage\n"},
        {"{\"a\":1e999}}",
            "broken: the body is no JSON near line 1, column 12: trailing garbage\n"},
        {"[1e999,\"\\udc00\"]",
            "broken: the body is no JSON: a string holds half of a surrogate pair\n"}};
    for (size_t at = 0; at < sizeof cases / sizeof cases[0]; at++)
        cr_expect_str_eq (s_read_document (cases[at].text), cases[at].told);
}

//  The value in brackets or in an object, whatever it holds. Freed by the caller.
static text_t
s_wrap (const char *before, text_t value, const char *after)
{
    size_t before_size = strlen (before);
    size_t after_size = strlen (after);
    char *bytes = malloc (before_size + value.size + after_size);
    memcpy (bytes, before, before_size);
    memcpy (bytes + before_size, value.data, value.size);
    memcpy (bytes + before_size + value.size, after, after_size);
    return text_of (bytes, before_size + value.size + after_size);
}

static void
s_expect_wrapped (text_t value, const char *before, const char *after, message_json_form_t form,
    const char *told, size_t at)
{
    text_t body = s_wrap (before, value, after);
    const char *is_told = s_read (body, form);
    cr_expect_eq (strncmp (is_told, told, strlen (told)), 0, "value %zu, %.*s: %s", at,
        (int) body.size, body.data, is_told);
    free ((char *) body.data);
}

Test (message_json, a_message_cut_short_anywhere_is_broken_even_if_the_rest_stands_behind_it)
{
    static const char text[] = SPED_UP;
    record_t *record = malloc (sizeof *record);
    for (size_t size = 1; size < sizeof text - 1; size++) {
        char padding[MESSAGE_JSON_PADDING] = {0};
        size_t rest = sizeof text - size;
        memcpy (padding, text + size, rest < sizeof padding ? rest : sizeof padding);
        s_read_once (record, text_of (text, size), padding, MESSAGE_JSON_DOCUMENT);
        cr_expect_eq (strncmp (record->text, "broken: the body is no JSON", 27), 0, "%zu: %s", size,
            record->text);
        s_read_once (record, text_of (text, size), padding, MESSAGE_JSON_LINES);
        cr_expect_eq (
            strncmp (record->text, "0: '' is no JSON", 16), 0, "%zu: %s", size, record->text);
    }
    free (record);
}

//  A text of count times left and then count times right.
static text_t
s_nest (char *room, size_t count, char left, char right)
{
    memset (room, left, count);
    memset (room + count, right, count);
    return text_of (room, 2 * count);
}

Test (message_json, nesting_up_to_32_levels_is_read)
{
    char room[128];
    cr_expect_str_eq (
        s_read (s_nest (room, 32, '[', ']'), MESSAGE_JSON_DOCUMENT), "0: '' must be an object\n");
    cr_expect_str_eq (s_read (s_nest (room, 33, '[', ']'), MESSAGE_JSON_DOCUMENT),
        "broken: the body is nested deeper than 32 levels\n");
    cr_expect_str_eq (s_read (s_nest (room, 33, '[', ']'), MESSAGE_JSON_LINES),
        "0: '' is nested deeper than 32 levels\n");
    text_t nest = s_nest (room, 31, '[', ']');
    s_expect_wrapped (nest, "{\"x\":", "}", MESSAGE_JSON_DOCUMENT, "0: '/metadata' is missing", 0);
    nest = s_nest (room, 32, '[', ']');
    s_expect_wrapped (nest, "{\"x\":", "}", MESSAGE_JSON_DOCUMENT,
        "broken: the body is nested deeper than 32 levels", 0);
}

Test (message_json, a_nesting_bomb_of_the_largest_body_is_refused)
{
    char *room = malloc (MAX_BODY_BYTES);
    text_t nest = s_nest (room, MAX_BODY_BYTES / 2, '[', ']');
    cr_expect_str_eq (
        s_read (nest, MESSAGE_JSON_DOCUMENT), "broken: the body is nested deeper than 32 levels\n");
    cr_expect_str_eq (s_read (nest, MESSAGE_JSON_LINES), "0: '' is nested deeper than 32 levels\n");
    memset (room, '[', MAX_BODY_BYTES);
    s_expect_wrapped (text_of (room, MAX_BODY_BYTES), "", "", MESSAGE_JSON_DOCUMENT,
        "broken: the body is nested deeper than 32 levels", 0);
    for (size_t at = 0; at + 5 <= MAX_BODY_BYTES; at += 5)
        memcpy (room + at, "{\"a\":", 5);
    s_expect_wrapped (text_of (room, MAX_BODY_BYTES), "", "", MESSAGE_JSON_DOCUMENT,
        "broken: the body is nested deeper than 32 levels", 0);
    free (room);
}

Test (message_json, the_look_for_a_fault_ends_at_the_first_level_that_is_too_deep)
{
    char *room = malloc (MAX_BODY_BYTES);
    json_fault_t fault;
    memset (room, '[', MAX_BODY_BYTES);
    cr_assert (json_fault_find (text_of (room, MAX_BODY_BYTES), &fault));
    cr_expect (fault.is_too_deep);
    cr_expect_eq (fault.column, JSON_FAULT_MAX_DEPTH + 1);
    cr_expect_str_eq (fault.what, "is nested deeper than 32 levels");
    cr_assert (json_fault_find (text_of (room, JSON_FAULT_MAX_DEPTH), &fault));
    cr_expect_not (fault.is_too_deep);
    free (room);
}

Test (message_json, a_body_of_the_largest_size_is_read_and_one_byte_more_is_not)
{
    char *room = malloc (MAX_BODY_BYTES + 1);
    memset (room, ' ', MAX_BODY_BYTES + 1);
    memcpy (room, SPED_UP, sizeof SPED_UP - 1);
    for (int form = MESSAGE_JSON_DOCUMENT; form <= MESSAGE_JSON_LINES; form++) {
        cr_expect_str_eq (s_read (text_of (room, MAX_BODY_BYTES), (message_json_form_t) form),
            "0: " SPED_UP_TOLD);
        cr_expect_str_eq (s_read (text_of (room, MAX_BODY_BYTES + 1), (message_json_form_t) form),
            "broken: the body is larger than 1048576 bytes\n");
    }
    free (room);
}

Test (message_json, a_reader_goes_on_after_anything)
{
    char *room = malloc (MAX_BODY_BYTES);
    memset (room, '1', MAX_BODY_BYTES);
    for (size_t size = 1; size <= MAX_BODY_BYTES; size = size * 3 + 1) {
        s_expect_wrapped (text_of (room, size), "", "", MESSAGE_JSON_LINES, "0: '' must be", size);
        cr_expect_str_eq (s_read_document (SPED_UP), "0: " SPED_UP_TOLD);
        cr_expect_str_eq (s_read_lines (SPED_UP "\n]"),
            "0: " SPED_UP_TOLD
            "1: '' is no JSON near column 1: unallowed token at this point in JSON text\n");
    }
    free (room);
}

static void
s_count (void *context, size_t index, const message_t *message)
{
    size_t *count = context;
    cr_assert_eq (index, *count);
    cr_assert_eq (message->number, index + 1);
    (*count)++;
}

//  What lines tell when they come in two pieces, cut behind that many bytes of them.
static void
s_read_pieces (record_t *self, const char *lines, size_t size, size_t cut)
{
    size_t index = 0;
    self->size = 0;
    self->text[0] = '\0';
    message_json_read_lines (s_reader, lines, cut, true, &index, s_accept, s_refuse, self);
    message_json_read_lines (
        s_reader, lines + cut, size - cut, false, &index, s_accept, s_refuse, self);
}

Test (message_json, lines_in_pieces_tell_what_the_whole_tells)
{
    static record_t whole;
    static record_t pieces;
    static const char text[] =
        "\xef\xbb\xbf" SPED_UP "\n\n{}\r\nno json\n \t\n\xef\xbb\xbf{}\n" SPED_UP "\n[]\n" SPED_UP;
    char room[sizeof text + MESSAGE_JSON_PADDING] = {0};
    memcpy (room, text, sizeof text);
    const char *detail = NULL;
    size_t size = strlen (text);
    cr_assert_eq (message_json_read (s_reader, room, size, MESSAGE_JSON_LINES, s_accept, s_refuse,
                      &whole, &detail),
        MESSAGE_JSON_READ);
    for (size_t cut = 1; cut <= size; cut++) {
        if (room[cut - 1] != '\n' && cut < size)
            continue;
        s_read_pieces (&pieces, room, size, cut);
        cr_expect_str_eq (pieces.text, whole.text, "cut at %zu", cut);
    }
}

static void
s_refuse_none (void *context, size_t index, const char *pointer, const char *detail)
{
    (void) context;
    cr_assert_fail ("%zu: %s %s", index, pointer, detail);
}

Test (message_json, thousands_of_messages_come_in_order)
{
    char *room = malloc (MAX_BODY_BYTES + MESSAGE_JSON_PADDING);
    for (int form = MESSAGE_JSON_DOCUMENT; form <= MESSAGE_JSON_LINES; form++) {
        char *at = room;
        for (int number = 1; number <= 5000; number++)
            at += sprintf (at,
                "%c{\"metadata\":{\"channel\":\"c\",\"messageNumber\":%d,\"messageTime\":"
                "\"2022-02-02T19:39:05.86337+01:00\",\"messageType\":\"RocketSpeedIncreased\"},"
                "\"message\":{\"by\":3000}}",
                form == MESSAGE_JSON_LINES ? '\n'
                : number == 1              ? '['
                                           : ',',
                number);
        *at++ = form == MESSAGE_JSON_LINES ? '\n' : ']';
        size_t count = 0;
        const char *detail = NULL;
        message_json_result_t result = message_json_read (s_reader, room, (size_t) (at - room),
            (message_json_form_t) form, s_count, s_refuse_none, &count, &detail);
        cr_expect_eq (result, MESSAGE_JSON_READ, "%s", detail);
        cr_expect_eq (count, 5000);
    }
    free (room);
}
