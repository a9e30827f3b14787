//  /proc/locks has a line for each lock that this process may see:
//
//    2: FLOCK  ADVISORY  WRITE 15573 fe:00:9980876 0 EOF
//
//  with the process, the device and the inode. The line of a waiting process has -> behind its
//  number.
//  SPDX-License-Identifier: Apache-2.0
#include "disk/lock_holder.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define LOCKS_FILE "/proc/locks"

//  Return the process that a line names as the holder of the file's lock; 0 if it names none. Some
//  file systems show another device here than in stat: then only the inode is compared.
static pid_t
s_read_line (const char *line, const struct stat *status, bool *is_exact)
{
    char process[16];
    char place[64];  //  device_major:device_minor:inode
    char *end = place;
    if (sscanf (line, "%*s FLOCK %*s %*s %15s %63s", process, place) != 2)
        return 0;
    unsigned long device_major = strtoul (place, &end, 16);
    unsigned long device_minor = *end == ':' ? strtoul (end + 1, &end, 16) : 0;
    uint64_t inode = *end == ':' ? g_ascii_strtoull (end + 1, &end, 10) : 0;
    if (*end || inode != (uint64_t) status->st_ino)
        return 0;
    *is_exact = device_major == major (status->st_dev) && device_minor == minor (status->st_dev);
    return (pid_t) g_ascii_strtoull (process, NULL, 10);
}

static int
s_find (const char *path)
{
    struct stat status;
    FILE *locks = fopen (LOCKS_FILE, "re");
    char line[256];
    int found = 0;
    bool is_exact = false;
    while (locks && stat (path, &status) == 0 && !is_exact && fgets (line, sizeof line, locks)) {
        bool is_better = false;
        int process = s_read_line (line, &status, &is_better);
        if (process > 0 && (found == 0 || is_better)) {
            found = process;
            is_exact = is_better;
        }
    }
    if (locks)
        fclose (locks);
    return found;
}

void
lock_holder_print (const char *path, char text[LOCK_HOLDER_SIZE])
{
    int process = s_find (path);
    if (process == 0) {
        g_strlcpy (text, "a process that cannot be seen from here, as in another container",
            LOCK_HOLDER_SIZE);
        return;
    }
    char name[32];
    char command[32] = "";
    g_snprintf (name, sizeof name, "/proc/%d/comm", process);
    FILE *file = fopen (name, "re");
    if (file && fgets (command, sizeof command, file))
        g_strchomp (command);
    if (file)
        fclose (file);
    g_snprintf (text, LOCK_HOLDER_SIZE, "pid %d (%s)", process, command[0] ? command : "unknown");
}
