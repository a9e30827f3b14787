//  Fuzz the lists of keys that may come, and keys as text. The lines of a list that was read give
//  the same list.
//  SPDX-License-Identifier: Apache-2.0
#include "curve/peer_list.h"
#include "tests/fuzz/input.h"

static void
s_check_key (text_t text)
{
    uint8_t key[SOCKET_KEY_SIZE];
    uint8_t again[SOCKET_KEY_SIZE];
    char printed[SOCKET_KEY_TEXT_SIZE];
    if (!socket_key_read (key, text))
        return;
    socket_key_print (key, printed);
    g_assert (socket_key_read (again, text_from (printed)));
    g_assert (memcmp (key, again, SOCKET_KEY_SIZE) == 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    input_t input = {data, size};
    text_t text = input_rest (&input);
    char fault[PEER_LIST_FAULT_SIZE] = "";
    peer_list_t *list = peer_list_read (text, fault);
    g_assert ((list != NULL) == (fault[0] == '\0'));
    GString *lines = g_string_new (NULL);
    for (size_t index = 0; list && index < list->count; index++) {
        const peer_line_t *peer = &list->peers[index];
        char *line = peer_line_print (peer);
        g_assert (peer_list_find_key (list, peer->key) == peer);
        g_assert (peer_list_find_name (list, peer->name) == peer);
        g_string_append (lines, line);
        g_free (line);
    }
    peer_list_t *again = peer_list_read (text_of (lines->str, lines->len), fault);
    g_assert (!list || (again && again->count == list->count));
    g_assert (!list || (peer_list_keeps_all (list, again) && peer_list_keeps_all (again, list)));
    s_check_key (text);
    g_string_free (lines, TRUE);
    peer_list_unref (&list);
    peer_list_unref (&again);
    return 0;
}
