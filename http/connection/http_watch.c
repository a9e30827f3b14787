//  SPDX-License-Identifier: Apache-2.0
#include "http/connection/http_watch.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

uint64_t
http_watch_count_taken (int fd)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    return getsockopt (fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_bytes_acked : 0;
}

watch_t
http_watch_look (const http_wire_t *wire, uint64_t *read_p)
{
    bool is_ended = false;
    bool has_unread = http_wire_has_unread (wire, &is_ended);
    uint64_t before = *read_p;
    *read_p = 0;
    if (!has_unread)
        return is_ended ? WATCH_ENDED : WATCH_QUIET;
    *read_p = http_wire_count_read (wire);
    return before > 0 && *read_p == before ? WATCH_STUCK : WATCH_UNREAD;
}
