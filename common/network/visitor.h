//  A visitor: a connection that another process made to a port of this one. Its descriptor and the
//  kernel's cookie identify it. The kernel never uses a cookie again, so a new connection with the
//  same descriptor is another visitor. link_watch uses the functions for the connections that this
//  process makes. Any thread may call them.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_VISITOR_H
#define DOWNLINK_VISITOR_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int fd;
    uint64_t cookie;  //  0: the connection is gone
} visitor_t;

//  Return the connection that has this descriptor now.
visitor_t visitor_of (int fd);

//  Return the port of this process that the connection came to; 0 if the connection is gone.
uint16_t visitor_port (visitor_t visitor);

//  Return true while the connection is open.
bool visitor_is_there (visitor_t visitor);

//  Keep TCP resets away from a connection, or from all connections that a listening socket will
//  accept. Without this a peer can abort the process by a reset at the right moment (see
//  visitor.c). Return false with errno set if the kernel refuses: some kernels refuse the filter to
//  processes without privileges.
bool visitor_refuse_resets (int fd);

//  Return true if the peer has answered neither data nor the kernel's probes for five seconds. This
//  finds peers that are gone, since resets do not arrive.
bool visitor_is_dead (visitor_t visitor);

//  Return how many bytes of a connection its owner has read so far; 0 if the connection is gone.
uint64_t visitor_bytes_read (visitor_t visitor);

//  End a connection that another library owns: its owner reads the remaining bytes, then the end of
//  the file, and closes it. Do nothing if the connection is gone.
void visitor_end (visitor_t visitor);

#endif
