//  Valid and invalid JSON, in the manner of a conformance suite: texts that are values, and
//  texts that are none, in every place where a value can stand. Nothing else is asked of the reader
//  here.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <stdio.h>

#include "common/bytes/message_json.h"

#define METADATA                                                                                   \
    "\"metadata\":{\"channel\":\"c\",\"messageNumber\":3,"                                         \
    "\"messageTime\":\"2022-02-02T19:39:05Z\",\"messageType\":\"RocketSpeedIncreased\"}"
#define GOOD_MESSAGE "{" METADATA ",\"message\":{\"by\":3000}}"

//  Values that are JSON, and texts that are not wherever a value must be. TEXT keeps zero bytes.
#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof literal - 1                                                                \
    }

static const text_t s_values[] = {TEXT ("0"), TEXT ("-0"), TEXT ("-1"), TEXT ("10"), TEXT ("0.5"),
    TEXT ("-0.0"), TEXT ("0e1"), TEXT ("0E+1"), TEXT ("1e-2"), TEXT ("1E5"), TEXT ("123.456e78"),
    TEXT ("1e-999"), TEXT ("-123123e100000"),
    TEXT ("0.4e00669999999999999999999999999999999999999999999999969"),
    TEXT ("100000000000000000000"), TEXT ("-237462374673276894279832749832423479823246327846"),
    TEXT ("-0.000000000000000000000000000000000000000000000000000000000000000000000000000001"),
    TEXT ("true"), TEXT ("false"), TEXT ("null"), TEXT (" \t\r1 "), TEXT ("\"\""),
    TEXT ("\"\\u0000\""), TEXT ("\"\\u00e9\\u00E9\""), TEXT ("\"\\ud83d\\ude80\""),
    TEXT ("\"\\uDBFF\\uDFFF\""), TEXT ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), TEXT ("\"\x7f\""),
    TEXT ("\"\xc2\x80\""), TEXT ("\"\xe2\x80\xa8\xe2\x80\xa9\""), TEXT ("\"\xef\xbf\xbf\""),
    TEXT ("\"\xf4\x8f\xbf\xbf\""), TEXT ("\"\\uFFFF\""), TEXT ("\"\\\\u0000\""),
    TEXT ("\"/* */ // #\""), TEXT ("[]"), TEXT ("[ ]"), TEXT ("{}"), TEXT ("{ }"), TEXT ("[[[]]]"),
    TEXT ("[null,1,\"1\",{}]"), TEXT ("[1 , 2]"), TEXT ("{\"a\":{\"a\":[]}}"),
    TEXT ("{\"a\":1,\"a\":1}"), TEXT ("{\"\":0}"), TEXT ("{\"\\u0000\":0}"), TEXT ("[[] ,{}]")};

static const text_t s_no_values[] = {
    //  commas, colons, brackets
    TEXT ("[1,]"), TEXT ("[,1]"), TEXT ("[1,,2]"), TEXT ("[,]"), TEXT ("[1 2]"), TEXT ("[1:2]"),
    TEXT ("[\"a\":1]"), TEXT ("{\"a\":1,}"), TEXT ("{,}"), TEXT ("{\"a\" 1}"), TEXT ("{\"a\"}"),
    TEXT ("{\"a\",1}"), TEXT ("{\"a\":}"), TEXT ("{:1}"), TEXT ("{\"a\"::1}"), TEXT ("{1:1}"),
    TEXT ("{null:1}"), TEXT ("{a:1}"), TEXT ("{'a':1}"), TEXT ("{[]:1}"),
    TEXT ("{\"a\":1 \"b\":2}"), TEXT ("{\"a\":1,,\"b\":2}"), TEXT ("["), TEXT ("{"), TEXT ("]"),
    TEXT ("}"), TEXT ("[}"), TEXT ("{]"), TEXT ("[[]"), TEXT ("[]]"), TEXT ("[1}"),
    TEXT ("{\"a\":1]"), TEXT ("[1]]"), TEXT ("{\"a\":[}"), TEXT ("{\"a\":{}"), TEXT (","),
    TEXT (":"), TEXT ("1 2"), TEXT ("{}{}"), TEXT ("[]{}"), TEXT ("1,"), TEXT ("\"a\":1"),
    TEXT ("{}}"), TEXT ("{\"a\":1}#"),
    //  numbers
    TEXT ("01"), TEXT ("-01"), TEXT ("00"), TEXT ("-"), TEXT ("+1"), TEXT ("--1"), TEXT ("-+1"),
    TEXT ("1."), TEXT (".5"), TEXT ("-.5"), TEXT ("1.e1"), TEXT ("1e"), TEXT ("1e+"), TEXT ("1E-"),
    TEXT ("1e1.5"), TEXT ("1e1e1"), TEXT ("0x1"), TEXT ("0x"), TEXT ("1_000"), TEXT ("1,000"),
    TEXT ("1 000"), TEXT ("1.2.3"), TEXT ("1a"), TEXT ("-a"), TEXT ("1-"), TEXT ("1-2"),
    TEXT ("NaN"), TEXT ("-NaN"), TEXT ("nan"), TEXT ("Infinity"), TEXT ("-Infinity"), TEXT ("inf"),
    TEXT ("0e"), TEXT ("0.e1"), TEXT ("-0x1"), TEXT ("\xef\xbc\x91"), TEXT ("1\xe5"),
    TEXT ("99999999999999999999."), TEXT ("099999999999999999999"), TEXT ("1e999e1"),
    TEXT ("1e9991-"), TEXT ("0.99999999999999999999.9"), TEXT ("-99999999999999999999-"),
    TEXT ("99999999999999999999x"), TEXT ("+99999999999999999999"), TEXT ("1e999e"),
    TEXT ("[1e999] 1e999e"), TEXT ("[1e999] tru"), TEXT ("1e999 1e"), TEXT ("1e999 \""),
    TEXT ("1e999-"), TEXT ("1e999."),
    //  words
    TEXT ("tru"), TEXT ("truee"), TEXT ("True"), TEXT ("TRUE"), TEXT ("fals"), TEXT ("falsey"),
    TEXT ("nul"), TEXT ("nulll"), TEXT ("NULL"), TEXT ("None"), TEXT ("undefined"), TEXT ("true1"),
    TEXT ("nullnull"), TEXT ("true\"\""), TEXT ("t"), TEXT ("x"), TEXT ("#"), TEXT ("&"),
    //  strings
    TEXT ("\""), TEXT ("\"a"), TEXT ("a\""), TEXT ("'a'"), TEXT ("\"\\\""), TEXT ("\"\\a\""),
    TEXT ("\"\\x00\""), TEXT ("\"\\0\""), TEXT ("\"\\'\""), TEXT ("\"\\u\""), TEXT ("\"\\u00\""),
    TEXT ("\"\\u00G0\""), TEXT ("\"\\u 123\""), TEXT ("\"\\U0041\""), TEXT ("\"\\u{41}\""),
    TEXT ("\"\\ \""), TEXT ("\"\\\t\""), TEXT ("\"\\\xc3\xa9\""), TEXT ("\"a\"b"),
    TEXT ("\"a\" \"b\""), TEXT ("\\u0061"), TEXT ("\"\\uD800\""), TEXT ("\"\\uDBFFx\""),
    TEXT ("\"\\uDC00\""), TEXT ("\"\\uDFFF\\uD800\""), TEXT ("\"\\uD800\\uD800\""),
    TEXT ("\"\\uD800\\n\""), TEXT ("\"\\uD800\\u0061\""), TEXT ("\"\\uD83Dude80\""),
    TEXT ("\"\\uD800\\u\""), TEXT ("\"\\uD800\\uDC0\""), TEXT ("\"\x1f\""), TEXT ("\"\t\""),
    TEXT ("\"\r\""), TEXT ("\"\x01\""), TEXT ("\"\0\""), TEXT ("\"\b\""), TEXT ("\"\x1b\""),
    //  bytes that are no UTF-8
    TEXT ("\"\x80\""), TEXT ("\"\xc0\x80\""), TEXT ("\"\xc3\""), TEXT ("\"\xc3(\""),
    TEXT ("\"\xe0\x80\xaf\""), TEXT ("\"\xe2\x82\""), TEXT ("\"\xed\xa0\x80\""),
    TEXT ("\"\xed\xbf\xbf\""), TEXT ("\"\xf0\x80\x80\x80\""), TEXT ("\"\xf4\x90\x80\x80\""),
    TEXT ("\"\xf5\x80\x80\x80\""), TEXT ("\"\xfc\x80\x80\x80\x80\x80\""), TEXT ("\"\xfe\""),
    TEXT ("\"\xff\""), TEXT ("\xff"), TEXT ("1\xc2\xa0"), TEXT ("{\"\xff\":1}"),
    //  bytes that are not blanks, comments
    TEXT ("\f1"), TEXT ("\v1"), TEXT ("1\f"), TEXT ("\0"), TEXT ("1\0"), TEXT ("[\0]"),
    TEXT ("\xc2\xa0"
          "1"),
    TEXT ("\xe2\x80\xa8"
          "1"),
    TEXT ("1\xef\xbb\xbf"), TEXT ("[\x1f]"), TEXT ("/**/1"), TEXT ("1/**/"), TEXT ("1//"),
    TEXT ("[1#\n]"), TEXT ("<a/>"), TEXT ("[\x7f]")};

//  A place for a value, with the results for valid and invalid JSON.
typedef struct {
    const char *before;
    const char *after;
    message_json_form_t form;
    const char *told_good;
    const char *told_bad;
} place_t;

static const place_t s_places[] = {
    {"", "", MESSAGE_JSON_DOCUMENT, NULL, "broken"},
    {"[", "]", MESSAGE_JSON_DOCUMENT, NULL, "broken"},
    {"[1,", ",2]", MESSAGE_JSON_DOCUMENT, NULL, "broken"},
    {"{\"x\":", "," METADATA ",\"message\":{\"by\":1}}", MESSAGE_JSON_DOCUMENT, "accepted ",
        "broken"},
    {"{" METADATA ",\"message\":{\"by\":1},\"x\":", "}", MESSAGE_JSON_DOCUMENT, "accepted ",
        "broken"},
    {"{" METADATA ",\"message\":{\"x\":", ",\"by\":1}}", MESSAGE_JSON_DOCUMENT, "accepted ",
        "broken"},
    {"[" GOOD_MESSAGE ",{" METADATA ",\"message\":{\"by\":1,\"x\":", "}}]", MESSAGE_JSON_DOCUMENT,
        "accepted accepted ", "broken"},
    {"{" METADATA ",\"message\":{\"x\":", ",\"by\":1}}\r\n", MESSAGE_JSON_LINES, "accepted ",
        "refused "},
    {GOOD_MESSAGE "\n{\"x\":", "," METADATA ",\"message\":{\"by\":1}}\n" GOOD_MESSAGE,
        MESSAGE_JSON_LINES, "accepted accepted accepted ", "accepted refused accepted "},
    {GOOD_MESSAGE "\n", "\n" GOOD_MESSAGE, MESSAGE_JSON_LINES, "accepted refused accepted ",
        "accepted refused accepted "},
};

static void
s_accept (void *context, size_t index, const message_t *message)
{
    (void) index;
    (void) message;
    strcat (context, "accepted ");
}

static void
s_refuse (void *context, size_t index, const char *pointer, const char *detail)
{
    static size_t last;
    (void) pointer;
    (void) detail;
    //  All faults of a message come one after the other.
    const char *told = context;
    if (index != last || strlen (told) < 8 || strcmp (told + strlen (told) - 8, "refused ") != 0)
        strcat (context, "refused ");
    last = index;
}

//  Read the value in its place, with padding behind it, and compare the result with the verdict.
static void
s_expect (message_json_t *reader, const place_t *place, text_t value, const char *expected)
{
    size_t before = strlen (place->before);
    size_t after = strlen (place->after);
    size_t size = before + value.size + after;
    char *body = calloc (1, size + MESSAGE_JSON_PADDING);  //  so that a sanitizer sees its end
    memcpy (body, place->before, before);
    memcpy (body + before, value.data, value.size);
    memcpy (body + before + value.size, place->after, after);
    char told[256] = "";
    const char *detail = NULL;
    message_json_result_t result =
        message_json_read (reader, body, size, place->form, s_accept, s_refuse, told, &detail);
    bool is_broken = result == MESSAGE_JSON_BROKEN && strstr (detail, "is no JSON");
    const char *verdict = is_broken ? "broken" : told;
    if (expected)
        cr_expect_str_eq (verdict, expected, "%s: %.*s", verdict, (int) size, body);
    else
        cr_expect_not (is_broken, "%s: %.*s", detail, (int) size, body);
    free (body);
}

#define COUNT(array) (sizeof array / sizeof array[0])

Test (message_json_texts, a_value_that_is_json_may_stand_in_every_place)
{
    message_json_t *reader = message_json_new (4096);
    for (size_t at = 0; at < COUNT (s_values); at++)
        for (size_t place = 0; place < COUNT (s_places); place++)
            s_expect (reader, &s_places[place], s_values[at], s_places[place].told_good);
    message_json_destroy (&reader);
}

Test (message_json_texts, a_text_that_is_no_value_may_stand_in_none)
{
    message_json_t *reader = message_json_new (4096);
    for (size_t at = 0; at < COUNT (s_no_values); at++) {
        for (size_t place = 0; place < COUNT (s_places); place++) {
            //  A line ends at a new line, even inside a value.
            bool cuts_line = s_places[place].form == MESSAGE_JSON_LINES &&
                             memchr (s_no_values[at].data, '\n', s_no_values[at].size);
            if (!cuts_line)
                s_expect (reader, &s_places[place], s_no_values[at], s_places[place].told_bad);
        }
    }
    message_json_destroy (&reader);
}
