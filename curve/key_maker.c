//  While the keys are made, the directory has a mark. So an interrupted run differs from a
//  directory into which an operator has put some keys. The list is written last: a directory with a
//  list is complete. Names that begin with a dot belong to this module.
//  SPDX-License-Identifier: Apache-2.0
#include "curve/key_maker.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk/lock_file.h"

#define LOCK "/.lock"
#define MARK "/.unfinished"
#define PART "/.part"

static const struct {
    const char *name;
    unsigned rights;
} s_peers[] = {{"gateway", PEER_PUSH | PEER_ASK}, {"processor", PEER_ANNOUNCE | PEER_ACKNOWLEDGE},
    {"query", PEER_ASK}};

#define HEAD                                                                                       \
    "#  The rights of each key: NAME RIGHTS PUBLIC-KEY. Processors let the holders of push "       \
    "(frames) "                                                                                    \
    "and\n"                                                                                        \
    "#  ask (queries, events) in; gateways believe those of announce and acknowledge.\n"

static bool
s_refuse (char fault[KEY_DIRECTORY_FAULT_SIZE], const char *path, const char *name, const char *why)
{
    g_snprintf (fault, KEY_DIRECTORY_FAULT_SIZE, "%s%s: %s", path, name, why);
    return false;
}

//  Write a file of mode 0600 and sync it. Give the complete file its name, unless that name is
//  taken.
static bool
s_write (const char *path, const char *name, const char *text, char fault[KEY_DIRECTORY_FAULT_SIZE])
{
    char *part = g_strconcat (path, PART, NULL);
    char *file = g_strconcat (path, "/", name, NULL);
    size_t size = strlen (text);
    (void) !unlink (part);
    int fd = open (part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    bool good = fd >= 0 && write (fd, text, size) == (ssize_t) size && fsync (fd) == 0 &&
                link (part, file) == 0;
    if (!good)
        s_refuse (fault, file, "", g_strerror (errno));
    if (fd >= 0)
        close (fd);
    (void) !unlink (part);
    g_free (part);
    g_free (file);
    return good;
}

static bool
s_has (const char *path, const char *name)
{
    char *file = g_strconcat (path, name, NULL);
    bool is_there = access (file, F_OK) == 0;
    g_free (file);
    return is_there;
}

//  Make a key, or read the key that an earlier run has made. Append its line to the list.
static bool
s_make_key (const char *path, size_t index, GString *list, char fault[KEY_DIRECTORY_FAULT_SIZE])
{
    socket_keys_t keys;
    char text[SOCKET_KEY_TEXT_SIZE + 1];
    char *name = g_strconcat (s_peers[index].name, ".key", NULL);
    char *file = g_strconcat (path, "/", name, NULL);
    bool good = true;
    if (access (file, F_OK) == 0)
        good = key_directory_read_secret (path, s_peers[index].name, &keys, fault);
    else if (!socket_keys_make (&keys))
        good = s_refuse (fault, file, "", "libzmq of this machine makes no CURVE keys");
    else {
        socket_key_print (keys.secret_key, text);
        g_strlcat (text, "\n", sizeof text);
        good = s_write (path, name, text, fault);
        explicit_bzero (text, sizeof text);
    }
    if (good) {
        peer_line_t line = {.rights = s_peers[index].rights};
        g_strlcpy (line.name, s_peers[index].name, sizeof line.name);
        memcpy (line.key, keys.public_key, SOCKET_KEY_SIZE);
        char *printed = peer_line_print (&line);
        g_string_append (list, printed);
        g_free (printed);
    }
    explicit_bzero (&keys, sizeof keys);
    g_free (name);
    g_free (file);
    return good;
}

//  Make the missing files. The directory is locked.
static bool
s_make (const char *path, char fault[KEY_DIRECTORY_FAULT_SIZE])
{
    char *mark = g_strconcat (path, MARK, NULL);
    GString *list = g_string_new (HEAD);
    int fd = open (mark, O_WRONLY | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    bool good = fd >= 0 || s_refuse (fault, mark, "", g_strerror (errno));
    if (fd >= 0)
        close (fd);
    for (size_t index = 0; good && index < G_N_ELEMENTS (s_peers); index++)
        good = s_make_key (path, index, list, fault);
    if (good && !s_has (path, "/" KEY_DIRECTORY_PEERS))
        good = s_write (path, KEY_DIRECTORY_PEERS, list->str, fault);
    if (good && (!lock_file_sync_directory (path) || unlink (mark) != 0))
        good = s_refuse (fault, path, "", g_strerror (errno));
    g_string_free (list, TRUE);
    g_free (mark);
    return good;
}

static int
s_lock (const char *path, char fault[KEY_DIRECTORY_FAULT_SIZE])
{
    char *lock = g_strconcat (path, LOCK, NULL);
    int fd = lock_file_take (lock, LOCK_FILE_WAIT);
    if (fd < 0)
        s_refuse (fault, lock, "", g_strerror (errno));
    g_free (lock);
    return fd;
}

//  Return the name of a file that is not the maker's own, to be freed; NULL if there is none.
static char *
s_find_file (const char *path)
{
    char *found = NULL;
    const char *name;
    GDir *entries = g_dir_open (path, 0, NULL);
    while (entries && !found && (name = g_dir_read_name (entries)))
        if (name[0] != '.' && strcmp (name, "lost+found") != 0)
            found = g_strdup (name);
    if (entries)
        g_dir_close (entries);
    return found;
}

bool
key_maker_run (const char *path, char fault[KEY_DIRECTORY_FAULT_SIZE])
{
    if (g_mkdir_with_parents (path, S_IRWXU) != 0)
        return s_refuse (fault, path, "", g_strerror (errno));
    if (!key_directory_check (path, fault))
        return false;
    int lock = s_lock (path, fault);
    if (lock < 0)
        return false;
    char *found = s_has (path, MARK) ? NULL : s_find_file (path);
    bool good = found ? s_refuse (fault, path, "",
                            "it is not empty, and nothing that is there is overwritten; choose "
                            "another directory")
                      : s_make (path, fault);
    g_free (found);
    close (lock);
    return good;
}

bool
key_maker_fill (const char *path, bool *is_filled, char fault[KEY_DIRECTORY_FAULT_SIZE])
{
    char *found = s_find_file (path);
    bool is_done = found && !s_has (path, MARK);
    g_free (found);
    *is_filled = false;
    if (is_done)
        return true;
    int lock = s_lock (path, fault);
    if (lock < 0)
        return false;
    found = s_find_file (path);
    bool good = true;
    if (!found || s_has (path, MARK))
        good = *is_filled = s_make (path, fault);
    g_free (found);
    close (lock);
    return good;
}
