//  A visitor is a connection that another process made to a port of this one. It is known by its
//  descriptor and by the cookie that the kernel gives to every socket and never gives again: so a
//  descriptor that was closed and used again is not mistaken for the connection that had it before.
//  Any thread may call these.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_VISITOR_H
#define DOWNLINK_VISITOR_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int fd;
    uint64_t cookie;  //  0: there is no such connection any more
} visitor_t;

//  Return the connection that has this descriptor now.
visitor_t visitor_of (int fd);

//  Return true while the connection is open.
bool visitor_is_there (visitor_t visitor);

//  Let no reset reach a connection, or those that a listening socket will accept. Without it a peer
//  decides when libzmq sees a hang-up, and so can abort the process; see visitor.c. Return false, with
//  errno set, if the kernel refuses: some allow no filter to a process without privileges.
bool visitor_refuse_resets (int fd);

//  Return true if the peer has not answered for five seconds: neither data nor the kernel's probes. As
//  resets are refused, that is how a peer that is gone is found.
bool visitor_is_dead (visitor_t visitor);

//  End a connection that another library owns: nothing more arrives, and its owner reads the end of
//  the file behind what has arrived, and closes it. Does nothing if the connection is gone.
void visitor_end (visitor_t visitor);

#endif
