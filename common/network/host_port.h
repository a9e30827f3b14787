//  Parse HOST:PORT, the form in which all flags and arguments name an address.
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

//  The addresses on which a gateway and a processor listen by default.
extern const host_port_t host_port_gateway;    //  localhost:8088
extern const host_port_t host_port_processor;  //  localhost:5561

//  Parse localhost:8088, 127.0.0.1:8088 or [::1]:8088. A missing host (:8088) or a missing port
//  (localhost, [::1]) is taken from *usual; if the usual port is 0, the text must have a port.
//  Return false for any other text, for example an IPv6 address without brackets, or a port without
//  its colon.
bool host_port_read (host_port_t *self, const char *text, const host_port_t *usual)
    __attribute__ ((warn_unused_result));

//  Parse a host alone: a name, a number, or an IPv6 address with or without brackets.
bool host_read (char host[HOST_SIZE], const char *text) __attribute__ ((warn_unused_result));

#endif
