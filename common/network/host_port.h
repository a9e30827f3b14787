//  HOST:PORT, the one way in which flags and arguments name a place.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HOST_PORT_H
#define DOWNLINK_HOST_PORT_H

#include <stdbool.h>
#include <stdint.h>

#define HOST_SIZE 256  //  of a name, terminated

typedef struct {
    char host[HOST_SIZE];  //  a name or a number, IPv6 without brackets
    uint16_t port;
} host_port_t;

//  The places that are usual on one machine: where a gateway and a processor listen by default.
extern const host_port_t host_port_gateway;    //  localhost:8088
extern const host_port_t host_port_processor;  //  localhost:5561

//  Parse localhost:8088, 127.0.0.1:8088 or [::1]:8088. Without a host (:8088) or without a port
//  (localhost, [::1]) that part is the usual one; with 0 as the usual port a port must be given.
//  Return false for any other text: for example an IPv6 address without brackets, or a port
//  without its colon.
bool host_port_read (host_port_t *self, const char *text, const host_port_t *usual)
    __attribute__ ((warn_unused_result));

//  Parse a host alone: a name, a number, or an IPv6 address with or without brackets.
bool host_read (char host[HOST_SIZE], const char *text) __attribute__ ((warn_unused_result));

#endif
