//  JSON text to messages: bodies of one message, of many and of lines, broken ones, deep and large
//  ones.
//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/json_fault.h"
#include "read_bodies.h"

TestSuite (message_json, .init = s_set_up, .fini = s_tear_down, .timeout = 60);

Test (message_json, many_messages_are_told_in_order_each_with_its_place)
{
    cr_expect_str_eq (s_read_document ("[" SPED_UP ",{},3," SPED_UP ",[" SPED_UP "],null]"),
        "0: " SPED_UP_TOLD "1: '/metadata' is missing\n1: '/message' is missing\n"
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
        "6: '/message' is missing\n"
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
        {"{} {}",
            "broken: the body is no JSON near line 1, column 4: trailing garbage" MESSAGE_JSON_HINT
            "\n"},
        {"{\"a\":1e999}}",
            "broken: the body is no JSON near line 1, column 12: trailing garbage\n"},
        {"[1e999,\"\\udc00\"]",
            "broken: the body is no JSON: a string holds half of a surrogate pair\n"}};
    for (size_t at = 0; at < sizeof cases / sizeof cases[0]; at++)
        cr_expect_str_eq (s_read_document (cases[at].text), cases[at].told);
}

//  Return any value in brackets or in an object. The caller frees it.
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

//  Return the results of lines in two pieces, cut after that many bytes.
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
