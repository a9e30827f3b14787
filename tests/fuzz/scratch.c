//  SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/scratch.h"

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <unistd.h>

static char *s_folder;

static void
s_clean (void)
{
    GDir *entries = g_dir_open (s_folder, 0, NULL);
    const char *name = NULL;
    while (entries && (name = g_dir_read_name (entries)))
        scratch_remove (name);
    if (entries)
        g_dir_close (entries);
    g_rmdir (s_folder);
    g_free (s_folder);
}

const char *
scratch_folder (void)
{
    if (!s_folder) {
        s_folder = g_dir_make_tmp ("downlink-fuzz-XXXXXX", NULL);
        g_assert (s_folder);
        atexit (s_clean);
    }
    return s_folder;
}

char *
scratch_write (const char *name, text_t bytes)
{
    char *path = g_build_filename (scratch_folder (), name, NULL);
    int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    g_assert (fd >= 0 && write (fd, bytes.data, bytes.size) == (ssize_t) bytes.size);
    close (fd);
    return path;
}

void
scratch_remove (const char *name)
{
    char *path = g_build_filename (scratch_folder (), name, NULL);
    g_unlink (path);
    g_free (path);
}
