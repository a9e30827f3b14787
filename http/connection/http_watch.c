//  SPDX-License-Identifier: Apache-2.0
#include "http/connection/http_watch.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

uint64_t
http_watch_count_read (int fd)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    int unread = 0;
    if (ioctl (fd, FIONREAD, &unread) != 0 ||
        getsockopt (fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return 0;
    return info.tcpi_bytes_received - (unsigned) unread;
}

uint64_t
http_watch_count_taken (int fd)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    return getsockopt (fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_bytes_acked : 0;
}

watch_t
http_watch_look (int fd, uint64_t *read_p)
{
    char byte;
    ssize_t count = recv (fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    uint64_t before = *read_p;
    *read_p = 0;
    if (count == 0)
        return WATCH_ENDED;
    if (count < 0)
        return WATCH_QUIET;
    *read_p = http_watch_count_read (fd);
    return before > 0 && *read_p == before ? WATCH_STUCK : WATCH_UNREAD;
}
