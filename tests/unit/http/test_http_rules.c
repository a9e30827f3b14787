//  The pure rules of the HTTP side: the guard, the target, cursors.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "http/rules/http_fields.h"
#include "http/rules/http_guard.h"
#include "http/rules/http_target.h"
#include "query/protocol/cursor.h"

typedef struct {
    const char *name;
    const char *value;
} field_t;

static void
s_look_at_field (http_guard_t *guard, const field_t *field)
{
    text_t name = text_from (field->name);
    http_guard_field (guard, http_field_of (name), name, text_from (field->value));
}

static const char *
s_verdict (const char *target, const field_t *fields, size_t count)
{
    http_guard_t guard = {0};
    http_guard_target (&guard, target);
    for (size_t index = 0; index < count; index++)
        s_look_at_field (&guard, &fields[index]);
    return http_guard_verdict (&guard, true);
}

Test (http_guard, an_ordinary_head_passes)
{
    static const field_t fields[] = {
        {"Host", "x"}, {"Content-Length", "17"}, {"X-Other", "\xc3\xa4"}};
    cr_assert_null (s_verdict ("/messages?a=%20b", fields, 3));
}

Test (http_guard, what_others_may_read_differently_does_not)
{
    static const field_t heads[][2] = {{{"Content-Length", "1"}, {"Transfer-Encoding", "chunked"}},
        {{"Content-Length", "1"}, {"Content-Length", "1"}}, {{"Content-Length ", "1"}, {"A", ""}},
        {{"Content-Length3", ""}, {"A", ""}}, {{"Content-Length", ""}, {"A", ""}},
        {{"Content-Length", "+1"}, {"A", ""}}, {{"Content-Length", "1, 1"}, {"A", ""}},
        {{"Content-Length", "9999999999999999999"}, {"A", ""}},
        {{"Transfer-Encoding", "gzip, chunked"}, {"A", ""}},
        {{"Transfer-Encoding", "chunked"}, {"transfer-encoding", "chunked"}},
        {{"Host", "y"}, {"A", ""}}, {{"", "x"}, {"A", ""}}, {{"a b", "x"}, {"A", ""}},
        {{"a\x80", "x"}, {"A", ""}}};
    for (size_t index = 0; index < G_N_ELEMENTS (heads); index++) {
        field_t fields[] = {{"Host", "x"}, heads[index][0], heads[index][1]};
        cr_assert_not_null (s_verdict ("/", fields, 3), "head %zu", index);
    }
    cr_assert_not_null (s_verdict ("/", NULL, 0), "no Host");
    static const field_t host = {"Host", "x"};
    cr_assert_not_null (s_verdict ("/a b", &host, 1));
    cr_assert_not_null (s_verdict ("/a%00b", &host, 1));
    cr_assert_not_null (s_verdict ("/a\x7f", &host, 1));
}

Test (http_guard, hosts_and_targets_must_agree_and_be_such)
{
    static const struct {
        const char *target;
        const char *host;
        bool is_good;
    } heads[] = {{"/", "x", true}, {"/", "x.example:80", true}, {"/", "[::1]:80", true},
        {"/", "", true}, {"*", "x", true}, {"http://X/a", "x", true}, {"http://x?a", "x", true},
        {"http://y/a", "x", false}, {"http://x:1/a", "x", false}, {"https://x/a", "x", false},
        {"http:///a", "x", false}, {"a", "x", false}, {"x:80", "x:80", false}, {"/", "x y", false},
        {"/", "x/y", false}, {"/", "u@x", false}, {"/", "x:a", false}, {"/", "::1", false},
        {"/", "x:1:2", false}};
    for (size_t index = 0; index < G_N_ELEMENTS (heads); index++) {
        field_t host = {"Host", heads[index].host};
        cr_assert_eq (s_verdict (heads[index].target, &host, 1) == NULL, heads[index].is_good,
            "%s with %s", heads[index].target, heads[index].host);
    }
}

Test (http_guard, each_character_is_taken_in_names_and_hosts_as_the_rfcs_say)
{
    for (int code = 1; code < 256; code++) {
        char name[] = {(char) code, 0};
        char host[] = {'x', (char) code, 'y', 0};
        field_t in_name[] = {{"Host", "x"}, {name, "x"}};
        field_t in_host = {"Host", host};
        bool is_plain = g_ascii_isalnum (code);
        cr_assert_eq (s_verdict ("/", in_name, 2) == NULL,
            is_plain || strchr ("-!#$%&'*+.^_`|~", code), "name %d", code);
        cr_assert_eq (s_verdict ("/", &in_host, 1) == NULL,
            is_plain || strchr ("-._~%!$&'()*+,;=", code), "host %d", code);
    }
}

//  The buffer as libmicrohttpd leaves it, with zeros in place of overwritten bytes.
static bool
s_lines_are_good (const char *buffer, size_t size, size_t first, size_t value)
{
    http_guard_t guard = {0};
    http_guard_lines (&guard, buffer, buffer + 4, 1, buffer + 6);
    s_look_at_field (&guard, &(field_t){buffer + first, buffer + value});
    http_guard_end (&guard, buffer + size);
    return http_guard_verdict (&guard, true) == NULL;
}

Test (http_guard, a_string_that_is_not_in_its_place_is_refused)
{
    static const char good[] = "GET\0/\0HTTP/1.1\0\0Host\0 x\0\0\0\0";
    static const char bare[] = "GET\0/\0HTTP/1.1\0Host\0 x\0\0\0\0";
    static const char zero[] = "GET\0/\0HTTP/1.1\0\0Host\0 x\0y\0\0\0\0";
    static const char space[] = "GET\0 /\0HTTP/1.1\0\0Host\0 x\0\0\0\0";
    static const char empty[] = "GET\0/\0HTTP/1.1\0\0Host\0 x\0\0\0\0\0";
    cr_assert (s_lines_are_good (good, sizeof good - 1, 16, 22));
    cr_assert_not (s_lines_are_good (bare, sizeof bare - 1, 15, 21));
    cr_assert_not (s_lines_are_good (zero, sizeof zero - 1, 16, 22));
    cr_assert_not (s_lines_are_good (space, sizeof space - 1, 17, 23));
    cr_assert_not (s_lines_are_good (empty, sizeof empty - 1, 16, 22));
}

Test (http_target, path_and_parameters_are_taken_apart)
{
    http_target_t target;
    cr_assert_null (http_target_read (&target, "http://host/rockets?sort=-speed&type=a+b%26&flag"));
    cr_assert_str_eq (target.path, "/rockets");
    cr_assert_eq (target.count, 3);
    cr_assert_str_eq (target.parameters[1].value, "a b&");
    cr_assert_str_eq (target.parameters[2].name, "flag");
    cr_assert_str_eq (target.parameters[2].value, "");
    http_target_free (&target);
}

Test (http_target, a_broken_escape_is_refused)
{
    static const char *const broken[] = {"/?a=%", "/?a=%2", "/?a=%zz", "/?%00=1", "/?a=%00"};
    for (size_t index = 0; index < G_N_ELEMENTS (broken); index++) {
        http_target_t target;
        cr_assert_not_null (http_target_read (&target, broken[index]), "%s", broken[index]);
        http_target_free (&target);
    }
    cr_assert_null (http_target_decode ("%0", 2, false));
    char *plus = http_target_decode ("a+%41", 5, false);
    cr_assert_str_eq (plus, "a+A");
    g_free (plus);
}

Test (cursor, it_leads_back_to_its_place_in_its_order_only)
{
    static const rocket_order_t speed = {SORT_SPEED, true};
    static const rocket_order_t type = {SORT_TYPE, false};
    place_t places[] = {{.value = {.number = INT64_MIN}, .id = text_from ("a")},
        {.value = {.number = 7}, .id = text_from ("\xe7\x81\xab")}};
    for (size_t index = 0; index < G_N_ELEMENTS (places); index++) {
        place_t place;
        void *bytes = NULL;
        char *cursor = cursor_write (&speed, &places[index]);
        cr_assert (cursor_read (&speed, cursor, &place, &bytes));
        cr_assert_eq (rocket_order_compare (&speed, &place, &places[index]), 0);
        cr_assert_eq (place.value.number, places[index].value.number);
        g_free (bytes);
        cr_assert_not (cursor_read (&type, cursor, &place, &bytes));
        g_free (bytes);
        g_free (cursor);
    }
}

Test (rocket_order, null_is_last_in_both_directions_and_ties_go_by_id)
{
    place_t none = {.value = {.is_null = true}, .id = text_from ("a")};
    place_t some = {.value = {.text = text_from ("X")}, .id = text_from ("z")};
    place_t same = {.value = {.text = text_from ("X")}, .id = text_from ("b")};
    for (int descending = 0; descending < 2; descending++) {
        rocket_order_t order = {SORT_TYPE, descending != 0};
        cr_assert_gt (rocket_order_compare (&order, &none, &some), 0);
        cr_assert_lt (rocket_order_compare (&order, &same, &some), 0);
    }
}

#define NAME_OF(NAME, first, last, name) [HTTP_FIELD_##NAME] = (name),

Test (http_fields, every_field_is_found_by_its_name_in_either_case)
{
    static const char *const names[HTTP_FIELDS_COUNT] = {HTTP_FIELDS (NAME_OF)};
    for (http_field_t field = HTTP_FIELD_OTHER + 1; field < HTTP_FIELDS_COUNT; field++) {
        const char *name = names[field];
        char *upper = g_ascii_strup (name, -1);
        cr_assert_eq (http_field_of (text_from (name)), field, "%s", name);
        cr_assert_eq (http_field_of (text_from (upper)), field, "%s", upper);
        g_free (upper);
    }
}

Test (http_fields, a_name_that_is_not_exactly_one_of_them_is_another)
{
    static const char *const others[] = {"", "H", "Hos", "Hosts", "Hust", "Content-Length ",
        "Content_Length", "Connection", "ce-id"};
    for (size_t index = 0; index < G_N_ELEMENTS (others); index++)
        cr_assert_eq (
            http_field_of (text_from (others[index])), HTTP_FIELD_OTHER, "%s", others[index]);
}
