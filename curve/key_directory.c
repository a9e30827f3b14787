//  SPDX-License-Identifier: Apache-2.0
#include "curve/key_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define NEW_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK)  //  opening a FIFO must not wait

static bool
s_refuse (char fault[KEY_DIRECTORY_FAULT_SIZE], const char *path, const char *reason)
{
    g_snprintf (fault, KEY_DIRECTORY_FAULT_SIZE, "%s: %s", path, reason);
    return false;
}

//  Return true if users other than this one have one of these rights. Ignore the group's rights on
//  a volume that root gives to our group, as Kubernetes does.
static bool
s_is_open_to_others (const struct stat *status, mode_t group, mode_t others)
{
    bool is_volume = status->st_uid == 0 && geteuid () != 0;
    bool is_ours = status->st_uid == geteuid () || status->st_uid == 0;
    return !is_ours || (status->st_mode & others) || ((status->st_mode & group) && !is_volume);
}

bool
key_directory_check (const char *path, char fault[KEY_DIRECTORY_FAULT_SIZE])
{
    struct stat status;
    struct statvfs system;
    if (stat (path, &status) != 0)
        return s_refuse (fault, path,
            errno == ENOENT
                ? "it is not there; make it and its keys with: downlink-keygen curve DIR"
                : g_strerror (errno));
    if (!S_ISDIR (status.st_mode))
        return s_refuse (fault, path, "it is no directory");
    //  A volume that is mounted read-only cannot change; its files have their own modes.
    bool is_read_only = statvfs (path, &system) == 0 && (system.f_flag & ST_RDONLY);
    if (!is_read_only && s_is_open_to_others (&status, S_IRWXG, S_IRWXO))
        return s_refuse (
            fault, path, "other users may look into it, or it is not yours; try chmod 700");
    return true;
}

//  Read an open file of at most limit bytes. Return NULL on success, or the reason.
static const char *
s_read (int fd, const struct stat *status, size_t limit, GString *text)
{
    if (!S_ISREG (status->st_mode))
        return "it is no regular file";
    if (status->st_size > (off_t) limit)
        return "it is too large";
    g_string_set_size (text, (gsize) limit);
    ssize_t size = pread (fd, text->str, limit, 0);
    if (size < 0)
        return g_strerror (errno);
    g_string_set_size (text, (gsize) size);
    return NULL;
}

static void
s_wipe (GString *text)
{
    explicit_bzero (text->str, text->allocated_len);
    g_string_free (text, TRUE);
}

//  Take a secret key from the text of its file.
static const char *
s_take_secret (socket_keys_t *keys, const GString *text)
{
    gsize size = text->len;
    while (size > 0 && g_ascii_isspace (text->str[size - 1]))
        size--;
    if (!socket_key_read (keys->secret_key, text_of (text->str, size)))
        return "it holds no secret key, which has 40 characters of ZeroMQ's Z85 and nothing else";
    socket_keys_complete (keys);
    return NULL;
}

bool
key_directory_read_secret (
    const char *path, const char *name, socket_keys_t *keys, char fault[KEY_DIRECTORY_FAULT_SIZE])
{
    struct stat status = {0};
    char *file = g_strconcat (path, "/", name, ".key", NULL);
    GString *text = g_string_sized_new (2 * SOCKET_KEY_TEXT_SIZE);
    int fd = open (file, NEW_FLAGS);
    const char *reason = NULL;
    if (fd < 0 || fstat (fd, &status) != 0)
        reason = g_strerror (errno);
    else if (s_is_open_to_others (&status, S_IRWXG, S_IRWXO))
        reason = "other users may read the secret key, or it is not yours; try chmod 600, and make "
                 "new keys if others were here";
    else
        reason = s_read (fd, &status, 2 * SOCKET_KEY_TEXT_SIZE, text);
    if (!reason)
        reason = s_take_secret (keys, text);
    if (reason)
        s_refuse (fault, file, reason);
    if (fd >= 0)
        close (fd);
    s_wipe (text);
    g_free (file);
    return reason == NULL;
}

peer_list_t *
key_directory_read_peers (const char *path, char fault[KEY_DIRECTORY_FAULT_SIZE])
{
    struct stat status = {0};
    char line_fault[PEER_LIST_FAULT_SIZE];
    peer_list_t *list = NULL;
    char *file = g_strconcat (path, "/" KEY_DIRECTORY_PEERS, NULL);
    GString *text = g_string_new (NULL);
    int fd = open (file, NEW_FLAGS);
    const char *reason = NULL;
    if (fd < 0 || fstat (fd, &status) != 0)
        reason = g_strerror (errno);
    else if (s_is_open_to_others (&status, S_IWGRP, S_IWOTH))
        reason = "other users may write to it, or it is not yours; try chmod 600";
    else
        reason = s_read (fd, &status, PEER_LIST_MAX_BYTES, text);
    if (!reason && !(list = peer_list_read (text_of (text->str, text->len), line_fault)))
        reason = line_fault;
    if (reason)
        s_refuse (fault, file, reason);
    if (fd >= 0)
        close (fd);
    g_string_free (text, TRUE);
    g_free (file);
    return list;
}
