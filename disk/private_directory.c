//  SPDX-License-Identifier: Apache-2.0
#include "disk/private_directory.h"

#include <errno.h>
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/process/advice.h"
#include "common/process/log.h"

#define OTHERS (S_IRWXG | S_IRWXO)
#define MODE 0700

//  Return false with errno set if the directory cannot be created, or the path is a file.
static bool
s_make (const char *path, struct stat *status)
{
    if (g_mkdir_with_parents (path, MODE) != 0 || stat (path, status) != 0)
        return false;
    errno = ENOTDIR;
    return S_ISDIR (status->st_mode);
}

static bool
s_may_others_write (const struct stat *status)
{
    bool is_volume = status->st_uid == 0 && geteuid () != 0;
    return (status->st_mode & S_IWOTH) || ((status->st_mode & S_IWGRP) && !is_volume);
}

//  SQLite gives the files beside a database the mode of the database.
void
private_directory_tighten_file (const char *path)
{
    struct stat status;
    if (lstat (path, &status) == 0 && S_ISREG (status.st_mode) && status.st_uid == geteuid () &&
        (status.st_mode & OTHERS))
        (void) !chmod (path, status.st_mode & 07777 & ~(mode_t) OTHERS);
}

static void
s_tighten (const char *path, const char *purpose, const struct stat *status)
{
    if (status->st_uid != geteuid () || !(status->st_mode & OTHERS))
        return;
    if (chmod (path, status->st_mode & 07777 & ~(mode_t) OTHERS) == 0)
        log_event (LOG_INFO, "other users may not look into a directory any more",
            "what=%s directory=%s", purpose, path);
    else
        log_event (LOG_WARN, "other users may look into a directory",
            "what=%s directory=%s reason=%s", purpose, path, g_strerror (errno));
}

//  Return true for a name that does not show the owner: the file system creates it, or we create
//  it before the first file with the mark.
static bool
s_is_neutral (const char *name)
{
    static const char *const names[] = {"lost+found", "lock", "identity", "members", NULL};
    //  identity.XXXXXX is on its way to its name, in another process.
    return name[0] == '.' || g_strv_contains (names, name) || g_str_has_prefix (name, "identity.");
}

//  Return the name of a foreign file if the directory has no file of ours; else NULL. The caller
//  frees it. Return NULL for an unreadable directory too: opening a file in it reports the error.
static char *
s_find_foreign (const char *path, const char *mark)
{
    GDir *entries = g_dir_open (path, 0, NULL);
    const char *name;
    char *foreign = NULL;
    bool is_ours = false;
    while (entries && !is_ours && (name = g_dir_read_name (entries))) {
        is_ours = g_str_has_prefix (name, mark);
        if (!foreign && !is_ours && !s_is_neutral (name))
            foreign = g_strdup (name);
    }
    if (entries)
        g_dir_close (entries);
    if (is_ours)
        g_clear_pointer (&foreign, g_free);
    return foreign;
}

static bool
s_is_foreign (const char *path, const char *purpose, const char *mark)
{
    char *foreign = mark ? s_find_foreign (path, mark) : NULL;
    if (!foreign)
        return false;
    log_event (LOG_ERROR, "cannot use a directory",
        "what=%s directory=%s found=%s reason=%s advice=%s", purpose, path, foreign,
        "it holds files of others and none of ours",
        "choose a directory that is empty or not there yet");
    g_free (foreign);
    return true;
}

bool
private_directory_make (const char *path, const char *purpose, const char *mark)
{
    struct stat status;
    if (!s_make (path, &status)) {
        int error = errno;
        log_event (LOG_ERROR, "cannot use a directory", "what=%s directory=%s reason=%s advice=%s",
            purpose, path, g_strerror (error), advice_directory (error));
        return false;
    }
    if (s_may_others_write (&status)) {
        log_event (LOG_ERROR, "cannot use a directory",
            "what=%s directory=%s mode=%04o reason=%s advice=%s", purpose, path,
            (unsigned) (status.st_mode & 07777), "other users may write to it",
            "see that all in it is yours and take that right away (chmod go-w), or choose another "
            "directory");
        return false;
    }
    if (s_is_foreign (path, purpose, mark))
        return false;
    s_tighten (path, purpose, &status);
    return true;
}
