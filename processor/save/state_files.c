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
    if (!good)
        return s_complain ("cannot read how many partitions there are", path, &error);
    check_partitions (partitions, (uint32_t) kept, path);
    return true;
}

static bool
s_write_identity (const char *path, state_traits_t *traits)
{
    char uuid[STATE_ID_TEXT_SIZE];
    char text[96];
    traits->id = state_id_new ();
    state_id_text (&traits->id, uuid);
    g_snprintf (
        text, sizeof text, "uuid %s\nordering %s\n", uuid, ordering_name (traits->ordering));
    return s_write (path, text);
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

static bool
s_read_identity (const char *path, state_traits_t *traits)
{
    char *text = NULL;
    ordering_t wanted = traits->ordering;
    GError *error = NULL;
    if (!g_file_get_contents (path, &text, NULL, &error))
        return s_complain ("cannot read the identity of the state", path, &error);
    char **lines = g_strsplit (text, "\n", 8);
    bool good = state_id_parse (&traits->id, s_find (lines, "uuid")) &&
                ordering_of (s_find (lines, "ordering"), &traits->ordering);
    g_strfreev (lines);
    g_free (text);
    if (!good)
        log_event (LOG_ERROR, "the identity of the state is damaged", "file=%s advice=%s", path,
            "restore it from a copy");
    return good && check_ordering (traits->ordering, wanted, path);
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

//  Read the files that exist and check that this process can serve the state, before writing
//  anything. The caller holds the lock of the directory.
static bool
s_settle (const char *directory, state_traits_t *traits)
{
    char *partitions = g_build_filename (directory, "partitions", NULL);
    char *identity = g_build_filename (directory, "identity", NULL);
    bool is_new = !g_file_test (partitions, G_FILE_TEST_EXISTS);
    bool has_identity = g_file_test (identity, G_FILE_TEST_EXISTS);
    bool good = (is_new || s_read_partitions (partitions, &traits->partitions)) &&
                s_may_open (directory, traits->partitions) &&
                (!has_identity || s_read_identity (identity, traits)) &&
                (!is_new || s_write_partitions (partitions, traits->partitions)) &&
                (has_identity || s_write_identity (identity, traits));
    g_free (identity);
    g_free (partitions);
    return good;
}

bool
state_files_open (const char *directory, state_traits_t *traits)
{
    if (!private_directory_make (directory, "state directory", "partition"))
        return false;
    char *path = g_build_filename (directory, "lock", NULL);
    int lock_fd = lock_file_take (path, LOCK_FILE_WAIT);
    if (lock_fd < 0)
        log_event (LOG_ERROR, "cannot use the state directory", "file=%s reason=%s advice=%s", path,
            g_strerror (errno), advice_directory (errno));
    bool good = lock_fd >= 0 && s_settle (directory, traits);
    if (lock_fd >= 0)
        close (lock_fd);
    g_free (path);
    return good;
}
