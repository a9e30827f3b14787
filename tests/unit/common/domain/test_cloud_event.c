//  The envelope of a CloudEvent: its attributes, its fields in binary mode, what its faults point
//  at.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/bytes/message_json.h"
#include "common/domain/cloud_event.h"
#include "gateway/intake/content_type.h"

TestSuite (cloud_event, .timeout = 60);

#define PADDING "\0_______________________________________________________________"

static cloud_event_t
s_event (void)
{
    return (cloud_event_t){.attributes = {[CLOUD_EVENT_SPECVERSION] = text_from ("1.0"),
                               [CLOUD_EVENT_ID] = text_from ("7"),
                               [CLOUD_EVENT_SOURCE] = text_from ("/here"),
                               [CLOUD_EVENT_SUBJECT] = text_from ("apollo"),
                               [CLOUD_EVENT_SEQUENCE] = text_from ("007"),
                               [CLOUD_EVENT_TIME] = text_from ("1970-01-01T00:00:01Z"),
                               [CLOUD_EVENT_TYPE] = text_from ("RocketSpeedIncreased")}};
}

Test (cloud_event, the_metadata_of_a_message_is_taken_over)
{
    cloud_event_t event = s_event ();
    message_t message = {0};
    message_fault_t fault;
    message_fault_t faults[CLOUD_EVENT_ATTRIBUTES_COUNT];
    cr_assert_eq (cloud_event_faults (&event, faults), 0);
    cr_assert_eq (cloud_event_take (&event, &message, faults), 0);
    cr_expect (text_equal (message.channel, text_from ("apollo")));
    cr_expect_eq (message.number, 7);
    cr_expect_eq (message.time_us, 1000000);
    cr_expect_eq (message.kind, MESSAGE_SPED_UP);
    cr_expect (message_check (&message, &fault));
}

Test (cloud_event, a_missing_attribute_is_told_where_it_belongs)
{
    for (int one = 0; one < CLOUD_EVENT_ATTRIBUTES_COUNT; one++) {
        cloud_event_t event = s_event ();
        message_t message = {0};
        message_fault_t faults[2 * CLOUD_EVENT_ATTRIBUTES_COUNT];
        event.attributes[one] = text_from (NULL);
        size_t count = cloud_event_faults (&event, faults);
        count += cloud_event_take (&event, &message, faults + count);
        cr_assert_eq (count, 1);
        cr_expect_str_eq (faults[0].pointer, cloud_event_place ((cloud_event_attribute_t) one));
        cr_expect_str_eq (faults[0].detail, "is missing");
    }
}

Test (cloud_event, a_sequence_is_a_number_in_digits)
{
    static const struct {
        const char *text;
        uint64_t number;
    } cases[] = {{"1", 1}, {"000000000000000000000000000000000000000042", 42},
        {"9007199254740991", MESSAGE_NUMBER_MAX}, {"", 0}, {"0", 0}, {"-1", 0}, {"+1", 0},
        {" 1", 0}, {"1 ", 0}, {"0x1", 0}, {"1e3", 0}, {"18446744073709551617", 0},
        {"99999999999999999999999999999999999999999999", 0},
        {"00000000000000000000000000000000000000000000000000000000000000001", 0}};
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        cloud_event_t event = s_event ();
        message_t message = {0};
        message_fault_t faults[CLOUD_EVENT_ATTRIBUTES_COUNT];
        event.attributes[CLOUD_EVENT_SEQUENCE] = text_from (cases[index].text);
        cr_assert_eq (cloud_event_take (&event, &message, faults), 0);
        cr_expect_eq (message.number, cases[index].number, "%s", cases[index].text);
    }
}

Test (cloud_event, a_field_is_unquoted_and_percent_decoded_once)
{
    static const struct {
        const char *value;
        const char *text;  //  NULL: it is broken
    } cases[] = {{"", ""}, {"plain", "plain"}, {"a%20b", "a b"}, {"%e2%82%AC", "\xe2\x82\xac"},
        {"%2520", "%20"}, {"\"\"", ""}, {"\"a b\"", "a b"}, {"\"a\\\"b\\\\\"", "a\"b\\"},
        {"\"%20\"", " "}, {"a\"b", "a\"b"}, {"a+b", "a+b"}, {"\"", NULL}, {"\"a", NULL},
        {"\"a\\\"", NULL}, {"\"a\"b", NULL}, {"%", NULL}, {"%2", NULL}, {"%zz", NULL},
        {"%C0%A0", NULL}, {"%ED%A0%80", NULL}, {"\xff", NULL}};
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        size_t size = 0;
        char *text = cloud_event_decode (cases[index].value, &size);
        cr_assert_eq (!text, !cases[index].text, "%s", cases[index].value);
        if (text)
            cr_expect (text_equal (text_of (text, size), text_from (cases[index].text)));
        free (text);
    }
    size_t size = 0;
    char *text = cloud_event_decode ("a%00b", &size);
    cr_expect (!text || size == 3, "a zero byte ends nothing");
    free (text);
}

Test (cloud_event, faults_point_into_what_was_sent)
{
    static const char *const cases[][3] = {{"/metadata/channel", "/subject", "ce-subject"},
        {"/metadata/messageNumber", "/sequence", "ce-sequence"},
        {"/metadata/messageTime", "/time", "ce-time"},
        {"/metadata/messageType", "/type", "ce-type"}, {"/id", "/id", "ce-id"},
        {"/message", "/data", ""}, {"/message/by", "/data/by", "/by"},
        {"/message/newMission", "/data/newMission", "/newMission"}, {"", "", ""}};
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        const char *pointer = cases[index][0];
        cr_expect_str_eq (cloud_event_pointer (pointer, CLOUD_EVENT_STRUCTURED), cases[index][1]);
        cr_expect_str_eq (cloud_event_pointer (pointer, CLOUD_EVENT_BINARY), cases[index][2]);
    }
}

//  The result of a body, with at most one message.
typedef struct {
    unsigned accepted;
    uint64_t speed;
    char pointer[64];
} told_t;

static void
s_accept (void *context, size_t index, const message_t *message)
{
    told_t *told = context;
    (void) index;
    told->accepted++;
    told->speed = message->speed;
}

static void
s_refuse (void *context, size_t index, const char *pointer, const char *detail)
{
    (void) index;
    (void) detail;
    strcpy (((told_t *) context)->pointer, pointer);
}

Test (cloud_event, data_alone_is_read_as_the_message_of_its_event)
{
    static const struct {
        const char *body;
        unsigned accepted;
        const char *pointer;
    } cases[] = {{"{\"by\":5}" PADDING, 1, ""}, {"{\"by\":-5}" PADDING, 0, "/by"},
        {"{}" PADDING, 0, "/by"}, {"{\"by\":5,\"by\":5}" PADDING, 0, "/by"}, {"[]" PADDING, 0, ""}};
    message_json_t *reader = message_json_new (1024);
    cloud_event_t event = s_event ();
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        told_t told = {0};
        const char *detail = NULL;
        cr_assert_eq (message_json_read_data (reader, &event, cases[index].body,
                          strlen (cases[index].body), s_accept, s_refuse, &told, &detail),
            MESSAGE_JSON_READ);
        cr_expect_eq (told.accepted, cases[index].accepted);
        cr_expect_eq (told.speed, cases[index].accepted ? 5 : 0);
        cr_expect_str_eq (told.pointer, cases[index].pointer);
    }
    told_t told = {0};
    const char *detail = NULL;
    cr_assert_eq (
        message_json_read_data (reader, &event, "{" PADDING, 1, s_accept, s_refuse, &told, &detail),
        MESSAGE_JSON_BROKEN);
    cr_expect (strlen (detail) > 0 && told.accepted == 0);
    message_json_destroy (&reader);
}

Test (cloud_event, data_in_base64_is_read_if_it_is_exactly_that)
{
#define EVENT                                                                                      \
    "{\"specversion\":\"1.0\",\"id\":\"7\",\"source\":\"/"                                         \
    "here\",\"subject\":\"apollo\",\"sequence\":7,"                                                \
    "\"time\":\"1970-01-01T00:00:01Z\",\"type\":\"RocketSpeedIncreased\","
    static const struct {
        const char *members;
        const char *pointer;  //  NULL: it is accepted
    } cases[] = {{"\"data_base64\":\"eyJieSI6NX0=\"", NULL},
        {"\"datacontenttype\":null,\"data_base64\":\"eyJieSI6NX0=\"", NULL},
        {"\"data\":null,\"data_base64\":\"eyJieSI6NX0=\"", NULL},
        {"\"data\":{\"by\":5},\"data_base64\":null", NULL},
        {"\"datacontenttype\":\"application/json; charset=utf-8\",\"data_base64\":\"eyJieSI6NX0=\"",
            NULL},
        {"\"datacontenttype\":\"application/x.rocket+JSON\",\"data_base64\":\"eyJieSI6NX0=\"",
            NULL},
        {"\"datacontenttype\":\"text/plain\",\"data_base64\":\"eyJieSI6NX0=\"", "/datacontenttype"},
        {"\"datacontenttype\":\"text/plain\",\"data\":{\"by\":5}", NULL},
        {"\"data\":{\"by\":5},\"data_base64\":\"eyJieSI6NX0=\"", "/data_base64"},
        {"\"data_base64\":\"eyJieSI6NX0=\",\"data_base64\":\"eyJieSI6NX0=\"", "/data_base64"},
        {"\"data_base64\":\"eyJieSI6NX0\"", "/data_base64"},
        {"\"data_base64\":\"eyJieSI6NX1=\"", "/data_base64"},
        {"\"data_base64\":\"eyJieSI6=X0=\"", "/data_base64"},
        {"\"data_base64\":\"eyJi\\neSI6NX0=\"", "/data_base64"},
        {"\"data_base64\":\"eyJieSI6NX0====\"", "/data_base64"},
        {"\"data_base64\":\"====\"", "/data_base64"}, {"\"data_base64\":\"\"", "/data_base64"},
        {"\"data_base64\":7", "/data_base64"}, {"\"data_base64\":\"W10=\"", "/data_base64"},
        {"\"data_base64\":\"e30=\"", "/data_base64/by"},
        {"\"data_base64\":\"ew==\"", "/data_base64"}};
    message_json_t *reader = message_json_new (1024);
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        char body[1024 + MESSAGE_JSON_PADDING] = "";
        told_t told = {0};
        const char *detail = NULL;
        int size = snprintf (body, 1024, EVENT "%s}", cases[index].members);
        cr_assert_eq (message_json_read (reader, body, (size_t) size, MESSAGE_JSON_EVENT, s_accept,
                          s_refuse, &told, &detail),
            MESSAGE_JSON_READ);
        cr_expect_eq (told.accepted, !cases[index].pointer, "%s", body);
        cr_expect_str_eq (
            told.pointer, cases[index].pointer ? cases[index].pointer : "", "%s", body);
    }
    message_json_destroy (&reader);
}

Test (cloud_event, a_content_type_says_the_form_of_a_body)
{
    static const struct {
        const char *field;
        int form;  //  -1: none of ours
    } cases[] = {{NULL, MESSAGE_JSON_DOCUMENT}, {"", MESSAGE_JSON_DOCUMENT},
        {"application/json", MESSAGE_JSON_DOCUMENT}, {"text/plain", MESSAGE_JSON_DOCUMENT},
        {"application/vnd.x+json", MESSAGE_JSON_DOCUMENT},
        {"application/x-ndjson", MESSAGE_JSON_LINES},
        {"application/cloudevents+json", MESSAGE_JSON_EVENT},
        {"APPLICATION/CLOUDEVENTS+JSON ; charset=utf-8", MESSAGE_JSON_EVENT},
        {"application/cloudevents-batch+json;x", MESSAGE_JSON_EVENTS},
        {"application/cloudevents", -1}, {"application/cloudevents+avro", -1},
        {"application/cloudevents-batch", -1}, {"application/jsonish", -1}, {"image/png", -1},
        {"json", -1}, {";", -1}};
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        message_json_form_t form;
        bool is_ours = content_type_read (cases[index].field, &form);
        cr_expect_eq (is_ours ? (int) form : -1, cases[index].form, "%s", cases[index].field);
    }
}
