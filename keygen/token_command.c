//  Two runs at once take turns: each locks the file while it looks and appends.
//  SPDX-License-Identifier: Apache-2.0
#include "keygen/token_command.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
s_complain (const char *path, const char *reason)
{
    fprintf (stderr, "downlink-keygen: %s: %s\n", path, reason);
    return false;
}

//  Open and lock the file. Return -1 with errno set on failure.
static int
s_open (const char *path)
{
    int fd = open (
        path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, S_IRUSR | S_IWUSR);
    if (fd >= 0 && flock (fd, LOCK_EX) != 0) {
        int error = errno;
        close (fd);
        errno = error;
        return -1;
    }
    return fd;
}

//  Read the file whole. Return NULL, or the reason of the failure.
static const char *
s_read (int fd, GString *text)
{
    struct stat status;
    if (fstat (fd, &status) != 0)
        return g_strerror (errno);
    if (!S_ISREG (status.st_mode))
        return "it is no regular file";
    if (status.st_size > TOKEN_FILE_MAX_BYTES)
        return "it is larger than a token file may be";
    g_string_set_size (text, (gsize) status.st_size);
    ssize_t size = pread (fd, text->str, text->len, 0);
    if (size < 0)
        return g_strerror (errno);
    g_string_set_size (text, (gsize) size);
    return NULL;
}

//  Return NULL if a name is new, or the reason why it may not be added.
static const char *
s_check_name (const GString *text, const char *name)
{
    const char *fault = NULL;
    char **lines = g_strsplit (text->str, "\n", -1);
    for (char **one = lines; *one && !fault; one++) {
        token_line_t line;
        if (access_line_is_blank (text_from (*one)))
            continue;
        if (token_line_read (&line, text_from (*one)))
            fault = "it has a line that is none of a token file; the gateway names it";
        else if (strcmp (line.name, name) == 0)
            fault = "it has a token of this name; delete that line first, or choose another name";
    }
    g_strfreev (lines);
    return fault;
}

//  Append a line with one write, and undo a write that was cut short.
static const char *
s_append (int fd, const GString *text, const token_line_t *line)
{
    char *printed = token_line_print (line);
    bool is_open = text->len > 0 && text->str[text->len - 1] != '\n';
    char *bytes = g_strconcat (is_open ? "\n" : "", printed, NULL);
    ssize_t size = (ssize_t) strlen (bytes);
    const char *fault = NULL;
    if (text->len + (gsize) size > TOKEN_FILE_MAX_BYTES)
        fault = "it would be larger than a token file may be";
    else if (write (fd, bytes, (size_t) size) != size || fsync (fd) != 0) {
        fault = "the line cannot be written";
        if (ftruncate (fd, (off_t) text->len) != 0)
            fault = "the line cannot be written as a whole; please look at the end of the file";
    }
    g_free (printed);
    g_free (bytes);
    return fault;
}

bool
token_command_run (const char *path, token_line_t *line)
{
    char token[TOKEN_SIZE];
    if (!token_make (token))
        return s_complain ("the system gives no random bytes", g_strerror (errno));
    token_digest (text_from (token), line->digest);
    int fd = s_open (path);
    if (fd < 0)
        return s_complain (path, g_strerror (errno));
    GString *text = g_string_new (NULL);
    const char *fault = s_read (fd, text);
    if (!fault)
        fault = s_check_name (text, line->name);
    if (!fault)
        fault = s_append (fd, text, line);
    g_string_free (text, TRUE);
    close (fd);
    if (fault)
        return s_complain (path, fault);
    bool is_printed = printf ("%s\n", token) > 0 && fflush (stdout) == 0;
    explicit_bzero (token, sizeof token);
    if (!is_printed)
        return s_complain ("standard output", "the token cannot be printed; delete its line");
    return true;
}
