//  Only the reading side is shut. Shutting both raises a hang-up, on which libzmq 4.3 marks a link
//  whose input waits behind its high-water mark as broken, reads on later, and aborts the process if
//  a PING lies in what it had read. A filter that passes no packet keeps a sender from filling the
//  socket again while its owner reads to the end, and keeps a reset, which is a hang-up too, away.
//  SPDX-License-Identifier: Apache-2.0
#include "visitor.h"

#include <linux/filter.h>
#include <sys/socket.h>

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
