//  SPDX-License-Identifier: Apache-2.0
#include "processor/save/state_files.h"

#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <unistd.h>

#include "common/process/advice.h"
#include "common/process/descriptors.h"
#include "common/process/log.h"
#include "disk/lock_file.h"
#include "disk/private_directory.h"
#include "processor/save/check_traits.h"

#define FILES_PER_PARTITION 3  //  the database, its log, and the lock
#define DESCRIPTORS_KEPT 64    //  for sockets, the log, and the directory

static bool
s_complain (const char *what, const char *path, GError **error)
{
    log_event (LOG_ERROR, what, "file=%s reason=%s advice=%s", path, (*error)->message,
        advice_file (*error));
    g_clear_error (error);
    return false;
}

static bool
s_write (const char *path, const char *text)
{
    GError *error = NULL;
    return g_file_set_contents_full (path, text, -1,
               G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, &error) ||
           s_complain ("cannot write into the state directory", path, &error);
}

static bool
s_write_partitions (const char *path, uint32_t partitions)
{
    char text[16];
    g_snprintf (text, sizeof text, "%u\n", partitions);
    return s_write (path, text);
}

static bool
s_read_partitions (const char *path, uint32_t *partitions)
{
    char *text = NULL;
    guint64 kept = 0;
    GError *error = NULL;
    bool good =
        g_file_get_contents (path, &text, NULL, &error) &&
        g_ascii_string_to_unsigned (g_strstrip (text), 10, 1, PARTITIONS_MAX, &kept, &error);
    g_free (text);
    *partitions = (uint32_t) kept;
    return good || s_complain ("cannot read how many partitions there are", path, &error);
}

static bool
s_write_identity (const char *path, const state_traits_t *traits)
{
    char uuid[STATE_ID_TEXT_SIZE];
    char ancestors[STATE_ANCESTORS_TEXT_SIZE];
    char mark[STATE_MARK_TEXT_SIZE];
    state_id_text (&traits->id, uuid);
    state_ancestors_text (&traits->ancestors, ancestors);
    state_mark_text (&traits->mark, mark);
    char *text = g_strdup_printf ("uuid %s\nordering %s\npartitioner %s\n%s%s%s%s%s%s", uuid,
        ordering_name (traits->ordering), partitioner_name (traits->partitioner),
        *ancestors ? "ancestors " : "", ancestors, *ancestors ? "\n" : "", *mark ? "mark " : "",
        mark, *mark ? "\n" : "");
    bool is_written = s_write (path, text);
    g_free (text);
    return is_written;
}

//  Return the value behind the key of a line; no text if there is no such line.
static text_t
s_find (char *const *lines, const char *key)
{
    size_t size = strlen (key);
    for (; *lines; lines++)
        if (strncmp (*lines, key, size) == 0 && (*lines)[size] == ' ')
            return text_from (*lines + size + 1);
    return (text_t){0};
}

//  A state of a release without partition functions uses xxh3.
static bool
s_read_partitioner (text_t name, partitioner_t *partitioner)
{
    *partitioner = PARTITIONER_XXH3;
    return name.size == 0 || partitioner_of (name, partitioner);
}

static bool
s_read_identity (const char *path, state_traits_t *traits)
{
    char *text = NULL;
    GError *error = NULL;
    if (!g_file_get_contents (path, &text, NULL, &error))
        return s_complain ("cannot read the identity of the state", path, &error);
    char **lines = g_strsplit (text, "\n", 8);
    bool good = state_id_parse (&traits->id, s_find (lines, "uuid")) &&
                ordering_of (s_find (lines, "ordering"), &traits->ordering) &&
                s_read_partitioner (s_find (lines, "partitioner"), &traits->partitioner) &&
                state_ancestors_parse (&traits->ancestors, s_find (lines, "ancestors")) &&
                state_mark_parse (&traits->mark, s_find (lines, "mark"));
    g_strfreev (lines);
    g_free (text);
    if (!good)
        log_event (LOG_ERROR, "the identity of the state is damaged", "file=%s advice=%s", path,
            "restore it from a copy");
    return good;
}

//  Return true if this process may open the files of all partitions: it owns all of them when no
//  other processor runs.
static bool
s_may_open (const char *directory, uint32_t partitions)
{
    uint64_t limit = descriptors_raise ();
    uint64_t needed = (uint64_t) partitions * FILES_PER_PARTITION + DESCRIPTORS_KEPT;
    if (needed <= limit)
        return true;
    log_event (LOG_ERROR, "too many partitions for the limit of open files",
        "directory=%s partitions=%u needed=%" PRIu64 " limit=%" PRIu64 " advice=%s", directory,
        partitions, needed, limit,
        "raise the limit (ulimit -n, LimitNOFILE), or make the state with fewer --partitions");
    return false;
}

//  Log that a move cannot open the state.
static bool
s_refuse_to_move (const char *directory, const char *fault, const char *advice)
{
    log_event (LOG_ERROR, fault, "directory=%s advice=%s", directory, advice);
    return false;
}

//  Read the files that exist.
static bool
s_read (const char *directory, const char *partitions, const char *identity, state_traits_t *traits)
{
    bool is_new = !g_file_test (partitions, G_FILE_TEST_EXISTS);
    bool has_identity = g_file_test (identity, G_FILE_TEST_EXISTS);
    bool is_for_move = state_traits_are_for_move (traits);
    if (is_new && traits->partitions == 0)
        return s_refuse_to_move (
            directory, "there is no state in this directory", "check the name");
    if (!is_new && !has_identity && is_for_move)
        return s_refuse_to_move (directory,
            "the state is of a release that gave it no identity: it cannot be moved yet",
            "start a processor of this release on it once, and stop it");
    traits->is_new = is_new && !has_identity;
    if (!has_identity)
        traits->id = state_id_new ();
    if (!has_identity && !is_new)
        traits->partitioner = PARTITIONER_XXH3;
    return (is_new || s_read_partitions (partitions, &traits->partitions)) &&
           (!has_identity || s_read_identity (identity, traits));
}

//  Check that this process can serve the state, before writing anything. The caller holds the lock
//  of the directory.
static bool
s_settle (const char *directory, state_traits_t *traits)
{
    char *partitions = g_build_filename (directory, "partitions", NULL);
    char *identity = g_build_filename (directory, "identity", NULL);
    state_traits_t found = *traits;
    bool good = s_read (directory, partitions, identity, &found) &&
                s_may_open (directory, found.partitions) &&
                check_traits (&found, traits, directory, partitions);
    //  A directory with the number of partitions is a complete state: write it last.
    good = good &&
           (g_file_test (identity, G_FILE_TEST_EXISTS) || s_write_identity (identity, &found)) &&
           (g_file_test (partitions, G_FILE_TEST_EXISTS) ||
               s_write_partitions (partitions, found.partitions));
    if (good)
        *traits = found;
    g_free (identity);
    g_free (partitions);
    return good;
}

//  Lock the directory for a moment. Return the lock, or -1; then the log says why.
static int
s_lock (const char *directory)
{
    char *path = g_build_filename (directory, "lock", NULL);
    int lock_fd = lock_file_take (path, LOCK_FILE_WAIT);
    if (lock_fd < 0)
        log_event (LOG_ERROR, "cannot use the state directory", "file=%s reason=%s advice=%s", path,
            g_strerror (errno), advice_directory (errno));
    g_free (path);
    return lock_fd;
}

bool
state_files_open (const char *directory, state_traits_t *traits)
{
    //  Do not create a directory that must hold a state already.
    if (traits->partitions == 0 && !g_file_test (directory, G_FILE_TEST_IS_DIR))
        return s_refuse_to_move (directory, "there is no such directory", "check the name");
    if (!private_directory_make (directory, "state directory", "partition"))
        return false;
    int lock_fd = s_lock (directory);
    bool good = lock_fd >= 0 && s_settle (directory, traits);
    if (lock_fd >= 0)
        close (lock_fd);
    return good;
}

bool
state_files_mark (const char *directory, const state_mark_t *mark)
{
    char *identity = g_build_filename (directory, "identity", NULL);
    state_traits_t traits = {0};
    int lock_fd = s_lock (directory);
    bool good = lock_fd >= 0 && s_read_identity (identity, &traits);
    traits.mark = *mark;
    good = good && s_write_identity (identity, &traits);
    if (lock_fd >= 0)
        close (lock_fd);
    g_free (identity);
    return good;
}

take_t
state_files_check_mark (const char *directory, const state_mark_t *opened)
{
    char *identity = g_build_filename (directory, "identity", NULL);
    state_traits_t traits = {0};
    take_t result = TAKE_FAILED;
    if (s_read_identity (identity, &traits))
        result = check_mark (&traits.mark, opened, directory) ? TAKE_DONE : TAKE_MOVED;
    g_free (identity);
    return result;
}
