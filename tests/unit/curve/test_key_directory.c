//  Directories of keys: their permissions, the contents of a secret file, and how a program fills
//  them.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "curve/key_maker.h"

#define RACERS 8

static char *s_path;
static char s_fault[KEY_DIRECTORY_FAULT_SIZE];

static char *
s_file (const char *name)
{
    return g_build_filename (s_path, name, NULL);
}

static void
s_set_up (void)
{
    s_path = g_dir_make_tmp ("downlink-keys-XXXXXX", NULL);
    cr_assert_not_null (s_path);
}

static void
s_tear_down (void)
{
    GDir *entries = g_dir_open (s_path, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name (entries))) {
        char *file = s_file (name);
        g_unlink (file);
        g_free (file);
    }
    g_dir_close (entries);
    g_rmdir (s_path);
    g_free (s_path);
}

TestSuite (key_directory, .init = s_set_up, .fini = s_tear_down);

static void
s_write (const char *name, const char *text, mode_t mode)
{
    char *file = s_file (name);
    cr_assert (g_file_set_contents (file, text, -1, NULL));
    cr_assert_eq (g_chmod (file, mode), 0);
    g_free (file);
}

static char *
s_text (const char *name)
{
    char *text = NULL;
    char *file = s_file (name);
    g_file_get_contents (file, &text, NULL, NULL);
    g_free (file);
    return text;
}

static void
s_expect_whole (void)
{
    static const char *const names[] = {"gateway", "processor", "query"};
    struct stat status;
    peer_list_t *list = key_directory_read_peers (s_path, s_fault);
    cr_assert_not_null (list, "%s", s_fault);
    cr_expect_eq (list->count, G_N_ELEMENTS (names));
    for (size_t index = 0; index < G_N_ELEMENTS (names); index++) {
        socket_keys_t keys;
        cr_assert (key_directory_read_secret (s_path, names[index], &keys, s_fault), "%s", s_fault);
        const peer_line_t *peer = peer_list_find_name (list, names[index]);
        cr_assert_not_null (peer);
        cr_expect_arr_eq (peer->key, keys.public_key, SOCKET_KEY_SIZE);
        char *file = g_strconcat (s_path, "/", names[index], ".key", NULL);
        cr_assert_eq (g_stat (file, &status), 0);
        cr_expect_eq (status.st_mode & 07777, 0600);
        g_free (file);
    }
    cr_expect_eq (peer_list_find_name (list, "gateway")->rights, (unsigned) PEER_PUSH | PEER_ASK);
    cr_expect_eq (peer_list_find_name (list, "query")->rights, (unsigned) PEER_ASK);
    cr_expect_eq (peer_list_find_name (list, "processor")->rights,
        (unsigned) PEER_ANNOUNCE | PEER_ACKNOWLEDGE);
    peer_list_unref (&list);
}

Test (key_directory, an_empty_directory_is_filled_once)
{
    bool is_filled = false;
    cr_assert (key_maker_fill (s_path, &is_filled, s_fault), "%s", s_fault);
    cr_expect (is_filled);
    s_expect_whole ();
    char *before = s_text ("gateway.key");
    cr_assert (key_maker_fill (s_path, &is_filled, s_fault));
    cr_expect_not (is_filled);
    char *after = s_text ("gateway.key");
    cr_expect_str_eq (after, before);
    g_free (before);
    g_free (after);
}

Test (key_directory, processes_that_start_at_once_fill_it_together)
{
    for (int racer = 0; racer < RACERS; racer++)
        if (fork () == 0) {
            bool is_filled = false;
            bool good = key_maker_fill (s_path, &is_filled, s_fault);
            _exit (!good ? 2 : is_filled);
        }
    int filled = 0;
    for (int racer = 0; racer < RACERS; racer++) {
        int status = 0;
        cr_assert_gt (wait (&status), 0);
        cr_assert (WIFEXITED (status) && WEXITSTATUS (status) < 2);
        filled += WEXITSTATUS (status);
    }
    cr_expect_eq (filled, 1);
    s_expect_whole ();
}

Test (key_directory, work_that_was_broken_off_is_finished)
{
    bool is_filled = false;
    cr_assert (key_maker_fill (s_path, &is_filled, s_fault));
    char *key = s_text ("gateway.key");
    char *peers = s_file ("peers");
    char *query = s_file ("query.key");
    g_unlink (peers);
    g_unlink (query);
    s_write (".unfinished", "", 0600);
    s_write (".part", "half a", 0600);
    cr_assert (key_maker_fill (s_path, &is_filled, s_fault), "%s", s_fault);
    cr_expect (is_filled);
    s_expect_whole ();
    char *after = s_text ("gateway.key");
    cr_expect_str_eq (after, key);
    s_write (".unfinished", "", 0600);  //  broken off after the last file
    cr_assert (key_maker_fill (s_path, &is_filled, s_fault), "%s", s_fault);
    s_expect_whole ();
    g_free (after);
    g_free (key);
    g_free (peers);
    g_free (query);
}

Test (key_directory, a_directory_with_a_file_is_not_filled)
{
    bool is_filled = true;
    s_write ("gateway.key", "something", 0600);
    cr_assert (key_maker_fill (s_path, &is_filled, s_fault));
    cr_expect_not (is_filled);
    cr_expect_not (key_maker_run (s_path, s_fault));
    cr_expect (strstr (s_fault, "nothing that is there is overwritten") != NULL, "%s", s_fault);
    char *text = s_text ("gateway.key");
    cr_expect_str_eq (text, "something");
    cr_expect_null (s_text ("peers"));
    g_free (text);
}

Test (key_directory, others_may_not_look_into_it)
{
    static const mode_t open_modes[] = {0701, 0704, 0710, 0740, 0750, 0755, 0770, 01777};
    cr_assert (key_directory_check (s_path, s_fault), "%s", s_fault);
    for (size_t index = 0; index < G_N_ELEMENTS (open_modes); index++) {
        g_chmod (s_path, open_modes[index]);
        cr_expect_not (key_directory_check (s_path, s_fault), "%04o", open_modes[index]);
        cr_expect (strstr (s_fault, "chmod 700") != NULL, "%s", s_fault);
    }
    g_chmod (s_path, 0700);
    cr_expect_not (key_directory_check ("/nowhere/at-all", s_fault));
    cr_expect (strstr (s_fault, "downlink-keygen curve DIR") != NULL, "%s", s_fault);
}

Test (key_directory, a_secret_that_others_may_read_is_refused)
{
    static const mode_t open_modes[] = {0604, 0640, 0644, 0660, 0602, 0601};
    bool is_filled;
    socket_keys_t keys;
    cr_assert (key_maker_fill (s_path, &is_filled, s_fault));
    char *text = s_text ("gateway.key");
    for (size_t index = 0; index < G_N_ELEMENTS (open_modes); index++) {
        s_write ("gateway.key", text, open_modes[index]);
        cr_expect_not (key_directory_read_secret (s_path, "gateway", &keys, s_fault));
        cr_expect (strstr (s_fault, "chmod 600") != NULL, "%s", s_fault);
        cr_expect_null (strstr (s_fault, text));
    }
    s_write ("gateway.key", text, 0400);
    cr_expect (key_directory_read_secret (s_path, "gateway", &keys, s_fault), "%s", s_fault);
    s_write ("peers", "", 0620);
    cr_expect_null (key_directory_read_peers (s_path, s_fault));
    g_free (text);
}

Test (key_directory, a_file_that_holds_no_secret_key_is_refused_and_not_shown)
{
    static const char *const bad[] = {"", "\n", "short",
        "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh67", "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh",
        "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh~", " JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6",
        "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6\nJTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6\n"};
    socket_keys_t keys;
    for (size_t index = 0; index < G_N_ELEMENTS (bad); index++) {
        s_write ("gateway.key", bad[index], 0600);
        cr_expect_not (
            key_directory_read_secret (s_path, "gateway", &keys, s_fault), "%s", bad[index]);
        cr_expect_null (strstr (s_fault, "JTKV"), "%s", s_fault);
    }
    s_write ("gateway.key", "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6 \r\n", 0600);
    cr_expect (key_directory_read_secret (s_path, "gateway", &keys, s_fault), "%s", s_fault);
    cr_expect_not (key_directory_read_secret (s_path, "query", &keys, s_fault));
    cr_expect (strstr (s_fault, "query.key: No such file") != NULL, "%s", s_fault);
}
