//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

#include "common/access/watched_file.h"

static char *s_path;
static file_trace_t s_trace;
static char s_fault[WATCHED_FILE_FAULT_SIZE];

static void
s_begin (void)
{
    char *folder = g_dir_make_tmp ("downlink-XXXXXX", NULL);
    s_path = g_build_filename (folder, "file", NULL);
    g_free (folder);
}

static void
s_end (void)
{
    char *folder = g_path_get_dirname (s_path);
    g_remove (s_path);
    g_rmdir (folder);
    g_free (folder);
    g_free (s_path);
}

static void
s_write (const char *text, mode_t mode)
{
    cr_assert (g_file_set_contents (s_path, text, -1, NULL));
    cr_assert (chmod (s_path, mode) == 0);
}

static char *
s_read (watched_file_bar_t bar, size_t limit)
{
    size_t size = 0;
    return watched_file_read (s_path, bar, limit, &size, &s_trace, s_fault);
}

TestSuite (watched_file, .init = s_begin, .fini = s_end);

Test (watched_file, is_read_as_a_whole)
{
    s_write ("12345", 0600);
    char *bytes = s_read (WATCHED_FILE_READING, 5);
    cr_assert_str_eq (bytes, "12345");
    cr_assert_not (watched_file_has_changed (s_path, &s_trace));
    g_free (bytes);
}

Test (watched_file, is_refused_beyond_its_limit)
{
    s_write ("123456", 0600);
    cr_assert_null (s_read (WATCHED_FILE_READING, 5));
    cr_assert_str_eq (s_fault, "it is larger than 5 bytes");
}

Test (watched_file, is_refused_if_others_may_do_too_much)
{
    s_write ("1", 0604);
    cr_assert_null (s_read (WATCHED_FILE_READING, 5));
    cr_assert (strstr (s_fault, "may read it"));
    char *bytes = s_read (WATCHED_FILE_WRITING, 5);
    cr_assert_not_null (bytes);
    g_free (bytes);
    s_write ("1", 0602);
    cr_assert_null (s_read (WATCHED_FILE_WRITING, 5));
    cr_assert (strstr (s_fault, "may write to it"));
    s_write ("1", 0640);
    bytes = s_read (WATCHED_FILE_READING, 5);
    cr_assert_not_null (bytes);
    g_free (bytes);
}

Test (watched_file, is_refused_if_it_is_none)
{
    cr_assert_null (s_read (WATCHED_FILE_WRITING, 5));
    cr_assert (strstr (s_fault, "No such file"));
    cr_assert (mkfifo (s_path, 0600) == 0);
    cr_assert_null (s_read (WATCHED_FILE_WRITING, 5));
    cr_assert_str_eq (s_fault, "it is no regular file");
}

Test (watched_file, has_changed_when_it_was_replaced_or_is_gone)
{
    s_write ("1", 0600);
    g_free (s_read (WATCHED_FILE_WRITING, 5));
    s_write ("2", 0600);  //  another file under the same name
    cr_assert (watched_file_has_changed (s_path, &s_trace));
    g_free (s_read (WATCHED_FILE_WRITING, 5));
    g_remove (s_path);
    cr_assert (watched_file_has_changed (s_path, &s_trace));
    cr_assert_null (s_read (WATCHED_FILE_WRITING, 5));
    cr_assert_not (watched_file_has_changed (s_path, &s_trace));  //  it is still not there
}
