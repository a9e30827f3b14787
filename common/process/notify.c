//  SPDX-License-Identifier: Apache-2.0
#include "common/process/notify.h"

#include <glib.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void
s_send (const char *state)
{
    const char *path = getenv ("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t size = path ? strlen (path) : 0;
    if (size < 2 || size >= sizeof address.sun_path || (*path != '/' && *path != '@'))
        return;
    memcpy (address.sun_path, path, size);
    if (*path == '@')
        address.sun_path[0] = 0;  //  the name of an abstract socket
    int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    //  Ignore errors: the process works without a service manager.
    (void) !sendto (fd, state, strlen (state), MSG_NOSIGNAL | MSG_DONTWAIT,
        (const struct sockaddr *) &address,
        (socklen_t) (offsetof (struct sockaddr_un, sun_path) + size));
    close (fd);
}

void
notify_ready (void)
{
    s_send ("READY=1");
}

void
notify_stopping (void)
{
    s_send ("STOPPING=1");
}

void
notify_alive (void)
{
    s_send ("WATCHDOG=1");
}

uint64_t
notify_alive_ms (void)
{
    const char *interval = getenv ("WATCHDOG_USEC");
    const char *process = getenv ("WATCHDOG_PID");
    guint64 us = 0;
    guint64 pid = 0;
    if (!interval || !g_ascii_string_to_unsigned (interval, 10, 1, G_MAXINT64, &us, NULL))
        return 0;
    if (process && (!g_ascii_string_to_unsigned (process, 10, 1, G_MAXINT32, &pid, NULL) ||
                       pid != (guint64) getpid ()))
        return 0;
    return us / 1000;
}
