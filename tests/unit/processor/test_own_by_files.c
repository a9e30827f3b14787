//  Ownership by locks of files: a lone processor owns everything at once; a further one waits until
//  the others release its share; a processor that is gone delays no other.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/process/clock.h"
#include "processor/own/ownership.h"

#define PARTITIONS 16
#define PATIENCE_MS 60000

static char *s_folder;

static void
s_set_up (void)
{
    s_folder = g_dir_make_tmp ("downlink-XXXXXX", NULL);
}

static void
s_remove (const char *directory)
{
    GDir *entries = g_dir_open (directory, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name (entries))) {
        char *path = g_build_filename (directory, name, NULL);
        if (g_file_test (path, G_FILE_TEST_IS_DIR))
            s_remove (path);
        else
            g_unlink (path);
        g_free (path);
    }
    g_dir_close (entries);
    g_rmdir (directory);
}

static void
s_tear_down (void)
{
    s_remove (s_folder);
    g_free (s_folder);
}

TestSuite (own_by_files, .init = s_set_up, .fini = s_tear_down, .timeout = 180);

static ownership_t *
s_open (uint8_t name)
{
    const uint8_t id[PROCESSOR_ID_SIZE] = {name, 1, 2};
    ownership_t *self =
        own_by_files_new (s_folder, PARTITIONS, id, &(member_endpoint_t){"tcp://127.0.0.1:5561"});
    cr_assert_not_null (self);
    return self;
}

//  How many partitions are to be its own; hold says to take hold of them too.
static uint32_t
s_count (ownership_t *self, bool hold)
{
    uint32_t count = 0;
    self->look (self);
    for (uint32_t partition = 0; partition < PARTITIONS; partition++)
        count += self->is_ours (self, partition) && (!hold || self->hold (self, partition));
    return count;
}

static size_t
s_members (const ownership_t *self)
{
    size_t count = 0;
    self->members (self, &count);
    return count;
}

//  Look until it has joined.
static void
s_await_joined (ownership_t *self, size_t members)
{
    int64_t until_ms = clock_ms () + PATIENCE_MS;
    do {
        self->look (self);
        cr_assert_lt (clock_ms (), until_ms);
        g_usleep (10000);
    } while (s_members (self) != members);
}

Test (own_by_files, who_is_alone_has_everything_at_once)
{
    ownership_t *self = s_open ('a');
    cr_assert_eq (s_count (self, true), PARTITIONS);
    cr_assert_eq (s_members (self), 1);
    self->destroy (&self);
}

Test (own_by_files, who_comes_to_others_lets_itself_be_found_first)
{
    ownership_t *first = s_open ('a');
    cr_assert_eq (s_count (first, true), PARTITIONS);
    int64_t opened_ms = clock_ms ();
    ownership_t *second = s_open ('b');
    uint32_t seconds_share = s_count (second, false);
    uint32_t firsts_share = s_count (first, false);
    if (clock_ms () < opened_ms + JOIN_DELAY_MS) {
        cr_assert_eq (seconds_share, 0);
        cr_assert_eq (firsts_share, PARTITIONS);
    }
    s_await_joined (second, 2);
    cr_assert_eq (s_count (first, false), PARTITIONS / 2);
    cr_assert_eq (s_count (second, false), PARTITIONS / 2);
    first->destroy (&first);
    second->destroy (&second);
}

Test (own_by_files, what_another_holds_is_had_once_it_is_let_go)
{
    ownership_t *first = s_open ('a');
    ownership_t *second = s_open ('b');
    cr_assert_eq (s_count (first, true), PARTITIONS);
    s_await_joined (second, 2);
    cr_assert_eq (s_count (second, true), 0);
    first->look (first);
    for (uint32_t partition = 0; partition < PARTITIONS; partition++)
        if (!first->is_ours (first, partition))
            first->release (first, partition);
    cr_assert_eq (s_count (second, true), PARTITIONS / 2);
    first->destroy (&first);
    second->destroy (&second);
}

Test (own_by_files, who_leaves_is_no_member_and_has_nothing)
{
    ownership_t *first = s_open ('a');
    ownership_t *second = s_open ('b');
    s_count (first, true);
    s_await_joined (second, 2);
    first->leave (first);
    cr_assert_eq (s_count (first, false), 0);
    cr_assert_eq (s_count (second, false), PARTITIONS);
    cr_assert_eq (s_members (second), 1);
    first->destroy (&first);
    second->destroy (&second);
}

Test (own_by_files, who_dies_is_gone_with_its_locks_and_waited_for_by_nobody)
{
    int ready[2];
    cr_assert_eq (pipe (ready), 0);
    pid_t child = fork ();
    if (child == 0) {
        ownership_t *first = s_open ('a');
        char held = (char) s_count (first, true);
        _exit (write (ready[1], &held, 1) == 1 && pause () ? 0 : 1);
    }
    char held = 0;
    cr_assert_eq (read (ready[0], &held, 1), 1);
    cr_assert_eq (held, PARTITIONS);
    ownership_t *second = s_open ('b');
    cr_assert_eq (s_count (second, true), 0);
    kill (child, SIGKILL);
    waitpid (child, NULL, 0);
    cr_assert_eq (s_count (second, true), PARTITIONS);
    second->destroy (&second);
}

Test (own_by_files, a_directory_that_cannot_be_used_is_refused)
{
    const uint8_t id[PROCESSOR_ID_SIZE] = {0};
    char *path = g_build_filename (s_folder, "file", NULL);
    g_file_set_contents (path, "", 0, NULL);
    cr_assert_null (own_by_files_new (path, PARTITIONS, id, &(member_endpoint_t){""}));
    g_free (path);
}
