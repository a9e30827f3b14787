//  Logs that SQLite wrote: whole, cut at every byte that matters, and with a bit flipped.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sqlite3.h>

#include "disk/wal_check.h"

#define HEADER 32
#define FRAME (24 + 4096)
#define TRANSACTIONS 6

static char *s_folder;
static char *s_path;  //  of a log that tests may write
static char *s_log;   //  of a process that was killed, so to say
static gsize s_size;

static void
s_execute (sqlite3 *database, const char *sql)
{
    cr_assert_eq (sqlite3_exec (database, sql, NULL, NULL, NULL), SQLITE_OK, "%s: %s", sql,
        sqlite3_errmsg (database));
}

//  A log of several transactions, the last of several frames; is_second: in its second round, with
//  frames of the first behind it.
static void
s_make (bool is_second)
{
    char *path = g_build_filename (s_folder, "a.sqlite", NULL);
    char *log = g_strconcat (path, "-wal", NULL);
    sqlite3 *database = NULL;
    cr_assert_eq (sqlite3_open (path, &database), SQLITE_OK);
    s_execute (database, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
                         "PRAGMA wal_autocheckpoint=0; CREATE TABLE t (a INTEGER PRIMARY KEY, b)");
    for (int number = 0; is_second && number < 40; number++)
        s_execute (database, "INSERT INTO t (b) VALUES (randomblob (3000))");
    if (is_second)
        s_execute (database, "PRAGMA wal_checkpoint(PASSIVE)");
    for (int number = 1; number < TRANSACTIONS; number++)
        s_execute (database, "INSERT INTO t (b) VALUES (randomblob (300))");
    s_execute (database, "INSERT INTO t (b) VALUES (randomblob (20000))");
    cr_assert (g_file_get_contents (log, &s_log, &s_size, NULL));
    cr_assert_eq ((s_size - HEADER) % FRAME, 0);
    sqlite3_close (database);
    g_unlink (path);
    g_free (log);
    g_free (path);
}

static void
s_set_up (void)
{
    s_folder = g_dir_make_tmp ("downlink-XXXXXX", NULL);
    s_path = g_build_filename (s_folder, "log", NULL);
    s_make (false);
}

static void
s_tear_down (void)
{
    g_unlink (s_path);
    g_rmdir (s_folder);
    g_free (s_folder);
    g_free (s_path);
    g_free (s_log);
}

TestSuite (wal_check, .init = s_set_up, .fini = s_tear_down);

static wal_t
s_check (const char *bytes, gsize size)
{
    cr_assert (g_file_set_contents (s_path, bytes, (gssize) size, NULL));
    return wal_check (s_path);
}

static bool
s_is_commit (gsize frame)
{
    const char *field = s_log + HEADER + frame * FRAME + 4;
    return field[0] || field[1] || field[2] || field[3];
}

Test (wal_check, a_log_that_is_not_there_or_empty_is_whole)
{
    char zeros[HEADER + FRAME] = {0};
    cr_assert_eq (wal_check (s_path), WAL_WHOLE);
    cr_assert_eq (s_check ("", 0), WAL_WHOLE);
    cr_assert_eq (s_check (zeros, sizeof zeros), WAL_WHOLE);
}

Test (wal_check, a_log_that_is_cut_anywhere_is_never_damaged)
{
    cr_assert_eq (s_check (s_log, s_size), WAL_WHOLE);
    for (gsize size = 0; size < s_size; size += 206)
        cr_assert_neq (s_check (s_log, size), WAL_DAMAGED, "cut at %zu", size);
}

//  A power cut leaves some sectors of the last transaction unwritten.
Test (wal_check, a_last_transaction_that_is_torn_in_any_order_is_torn)
{
    gsize frames = (s_size - HEADER) / FRAME;
    gsize first = frames - 1;
    while (first > 0 && !s_is_commit (first - 1))
        first--;
    cr_assert_lt (first, frames - 2);
    for (gsize at = HEADER + first * FRAME; at < s_size; at += 512) {
        char *torn = g_memdup2 (s_log, s_size);
        memset (torn + at, 0, MIN (512, s_size - at));
        cr_assert_neq (s_check (torn, s_size), WAL_DAMAGED, "a sector at %zu", at);
        g_free (torn);
    }
}

//  But for two fields of the frame that ends a transaction: its size field says that it does.
Test (wal_check, a_bit_that_flips_before_the_last_transaction_is_damage)
{
    gsize frames = (s_size - HEADER) / FRAME;
    gsize last = frames - 1;
    while (!s_is_commit (last - 1))
        last--;
    static const gsize places[] = {0, 3, 16, 20, 23, 24, 100, 2000, FRAME - 1};
    for (gsize frame = 0; frame + 1 < last; frame++)
        for (size_t place = 0; place < G_N_ELEMENTS (places); place++) {
            char *damaged = g_memdup2 (s_log, s_size);
            damaged[HEADER + frame * FRAME + places[place]] ^= 4;
            cr_assert_eq (s_check (damaged, s_size), WAL_DAMAGED, "frame %zu of %zu, byte %zu",
                frame, frames, places[place]);
            g_free (damaged);
        }
}

Test (wal_check, a_damaged_header_is_damage)
{
    for (gsize at = 0; at < HEADER; at++) {
        char *damaged = g_memdup2 (s_log, s_size);
        damaged[at] ^= 1;
        cr_assert_eq (s_check (damaged, s_size), WAL_DAMAGED, "byte %zu", at);
        g_free (damaged);
    }
}

Test (wal_check, what_is_left_of_an_older_round_does_not_matter)
{
    g_free (s_log);
    s_make (true);
    cr_assert_gt (s_size, HEADER + 40 * FRAME);
    cr_assert_eq (s_check (s_log, s_size), WAL_WHOLE);
}
