//  Lines and lists of keys: each field, each fault, look-ups, and rights that became narrower.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>

#include "curve/peer_list.h"

#define KEY_A "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define KEY_B "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"

static const char *
s_fault (const char *text)
{
    static char fault[PEER_LIST_FAULT_SIZE];
    fault[0] = 0;
    peer_list_t *list = peer_list_read (text_from (text), fault);
    peer_list_unref (&list);
    return fault;
}

static peer_list_t *
s_read (const char *text)
{
    char fault[PEER_LIST_FAULT_SIZE];
    peer_list_t *list = peer_list_read (text_from (text), fault);
    cr_assert_not_null (list, "%s", fault);
    return list;
}

Test (peer_list, a_line_has_a_name_rights_and_a_key)
{
    peer_list_t *list = s_read ("# a comment\n\ngate.1_a-b \t push,ask  " KEY_A "\r\n"
                                "processor acknowledge,announce " KEY_B);
    cr_assert_eq (list->count, 2);
    cr_expect_str_eq (list->peers[0].name, "gate.1_a-b");
    cr_expect_eq (list->peers[0].rights, (unsigned) PEER_PUSH | PEER_ASK);
    cr_expect_eq (list->peers[1].rights, (unsigned) PEER_ANNOUNCE | PEER_ACKNOWLEDGE);
    char text[SOCKET_KEY_TEXT_SIZE];
    socket_key_print (list->peers[0].key, text);
    cr_expect_str_eq (text, KEY_A);
    peer_list_unref (&list);
}

Test (peer_list, a_printed_line_is_read_as_the_same)
{
    for (unsigned rights = 1; rights < 16; rights++) {
        peer_line_t line = {.name = "one", .rights = rights};
        peer_line_t again;
        cr_assert (socket_key_read (line.key, text_from (KEY_A)));
        char *printed = peer_line_print (&line);
        cr_assert_null (peer_line_read (&again, text_of (printed, strlen (printed) - 1)));
        cr_expect_arr_eq (&again, &line, sizeof line);
        g_free (printed);
    }
}

Test (peer_list, faults_are_named_with_their_line_and_never_show_it)
{
    static const char *const bad[] = {"one", "one push", "one push " KEY_A " more", "one push key",
        "one push " KEY_A "0", "one Push " KEY_A, "one push, " KEY_A, "one ,push " KEY_A,
        "one push,push " KEY_A, "one write " KEY_A, "o/ne push " KEY_A, "r\xc3\xb6 push " KEY_A,
        "one push ~" KEY_A};
    for (size_t index = 0; index < G_N_ELEMENTS (bad); index++) {
        char *text = g_strconcat ("#\n", bad[index], "\n", NULL);
        const char *fault = s_fault (text);
        cr_expect (g_str_has_prefix (fault, "line 2: "), "%s: %s", bad[index], fault);
        cr_expect_null (strstr (fault, KEY_A));
        g_free (text);
    }
    char *long_name = g_strnfill (ACCESS_NAME_MAX + 1, 'n');
    char *text = g_strconcat (long_name, " push " KEY_A, NULL);
    cr_expect_str_eq (
        s_fault (text), "line 1: a name has 1 to 64 letters, digits, dots, dashes and underscores");
    cr_expect_str_empty (s_fault (text + 1));
    g_free (text);
    g_free (long_name);
}

Test (peer_list, names_and_keys_are_unique)
{
    cr_expect_str_eq (s_fault ("one push " KEY_A "\none ask " KEY_B),
        "line 2: an earlier line has the same name");
    cr_expect_str_eq (
        s_fault ("one push " KEY_A "\ntwo ask " KEY_A), "line 2: an earlier line has the same key");
}

Test (peer_list, a_list_is_bounded)
{
    GString *text = g_string_new (NULL);
    for (unsigned index = 0; index <= PEER_LIST_MAX; index++) {
        peer_line_t line = {.rights = PEER_ASK};
        g_snprintf (line.name, sizeof line.name, "peer-%u", index);
        memcpy (line.key, &index, sizeof index);
        char *printed = peer_line_print (&line);
        g_string_append (text, printed);
        g_free (printed);
        if (index == PEER_LIST_MAX - 1)
            cr_assert_str_empty (s_fault (text->str));
    }
    cr_expect_str_eq (s_fault (text->str), "line 257: a file has at most 256 keys");
    g_string_free (text, TRUE);
}

Test (peer_list, keys_names_and_rights_are_found)
{
    peer_list_t *list = s_read ("one push,ask " KEY_A "\ntwo announce " KEY_B);
    uint8_t other[SOCKET_KEY_SIZE] = {1};
    cr_expect_eq (peer_list_find_key (list, list->peers[1].key), &list->peers[1]);
    cr_expect_null (peer_list_find_key (list, other));
    cr_expect_eq (peer_list_find_name (list, "one"), &list->peers[0]);
    cr_expect_null (peer_list_find_name (list, "on"));
    cr_expect_eq (peer_list_count (list, PEER_ANNOUNCE), 1);
    cr_expect_eq (peer_list_at (list, PEER_ANNOUNCE, 7), &list->peers[1]);
    cr_expect_null (peer_list_at (list, PEER_ACKNOWLEDGE, 0));
    peer_list_unref (&list);
}

Test (peer_list, a_later_list_keeps_a_key_that_may_do_no_less_under_its_name)
{
    static const struct {
        const char *later;
        bool keeps;
    } rows[] = {{"one push,ask " KEY_A "\n", true}, {"", false}, {"one push " KEY_A "\n", false},
        {"two push,ask " KEY_A "\n", false}, {"one push,ask " KEY_B "\n", false},
        {"two push " KEY_B "\none push,ask,announce " KEY_A "\n", true}};
    peer_list_t *before = s_read ("one push,ask " KEY_A "\n");
    for (size_t index = 0; index < G_N_ELEMENTS (rows); index++) {
        peer_list_t *later = s_read (rows[index].later);
        cr_expect_eq (
            peer_list_keeps (before, "one", later), rows[index].keeps, "%s", rows[index].later);
        cr_expect_not (peer_list_keeps (before, "two", later));
        cr_expect_eq (peer_list_keeps_all (before, later), rows[index].keeps);
        peer_list_unref (&later);
    }
    peer_list_unref (&before);
}
