//  libzmq 4.3 (4.3.4 and 4.3.5) marks a connection as broken when it hangs up while its input waits
//  behind the high-water mark. Later it reads on, and if the bytes that it has read hold a PING, it
//  aborts the process ("!_io_error"). A hang-up is a reset, a time-out of the kernel, or both sides
//  shut down. So resets are filtered out, the kernel's time-outs are long (socket.c), and
//  visitor_end shuts down only the reading side: libzmq reads the end later. A filter that passes
//  no packet keeps the sender from filling the connection meanwhile.
//  SPDX-License-Identifier: Apache-2.0
#include "common/network/visitor.h"

#include <linux/filter.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define DEAD_MS 5000
#define DEAD_RETRANSMITS 5  //  in a row, which takes six seconds
#define TCP_FLAGS 13        //  the place of the flags in a segment
#define TCP_RESET 4

visitor_t
visitor_of (int fd)
{
    visitor_t visitor = {.fd = fd};
    socklen_t size = sizeof visitor.cookie;
    if (fd < 0 || getsockopt (fd, SOL_SOCKET, SO_COOKIE, &visitor.cookie, &size) != 0)
        visitor.cookie = 0;
    return visitor;
}

bool
visitor_is_there (visitor_t visitor)
{
    return visitor.cookie != 0 && visitor_of (visitor.fd).cookie == visitor.cookie;
}

uint16_t
visitor_port (visitor_t visitor)
{
    union {
        struct sockaddr any;
        struct sockaddr_in ip;
        struct sockaddr_in6 ip6;
    } address = {0};
    socklen_t size = sizeof address;
    if (visitor.cookie == 0 || getsockname (visitor.fd, &address.any, &size) != 0)
        return 0;
    return ntohs (address.any.sa_family == AF_INET6 ? address.ip6.sin6_port : address.ip.sin_port);
}

bool
visitor_refuse_resets (int fd)
{
    struct sock_filter no_resets[] = {BPF_STMT (BPF_LD | BPF_B | BPF_ABS, TCP_FLAGS),
        BPF_JUMP (BPF_JMP | BPF_JSET | BPF_K, TCP_RESET, 0, 1), BPF_STMT (BPF_RET | BPF_K, 0),
        BPF_STMT (BPF_RET | BPF_K, UINT32_MAX)};
    const struct sock_fprog program = {.len = 4, .filter = no_resets};
    return setsockopt (fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

bool
visitor_is_dead (visitor_t visitor)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    return visitor_is_there (visitor) &&
           getsockopt (visitor.fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
           (info.tcpi_last_ack_recv > DEAD_MS || info.tcpi_retransmits >= DEAD_RETRANSMITS);
}

uint64_t
visitor_bytes_read (visitor_t visitor)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    int unread = 0;
    if (!visitor_is_there (visitor) ||
        getsockopt (visitor.fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
        ioctl (visitor.fd, FIONREAD, &unread) != 0)
        return 0;
    uint64_t waiting = unread > 0 ? (uint64_t) unread : 0;
    return info.tcpi_bytes_received > waiting ? info.tcpi_bytes_received - waiting : 0;
}

void
visitor_end (visitor_t visitor)
{
    struct sock_filter pass_nothing = BPF_STMT (BPF_RET | BPF_K, 0);
    const struct sock_fprog program = {.len = 1, .filter = &pass_nothing};
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    if (!visitor_is_there (visitor))
        return;
    (void) setsockopt (visitor.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    (void) setsockopt (visitor.fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
    (void) shutdown (visitor.fd, SHUT_RD);
}
