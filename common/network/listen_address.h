//  Parse ADDR:PORT, the value of flags with an address to listen on.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LISTEN_ADDRESS_H
#define DOWNLINK_LISTEN_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

//  The end of a complaint about a text that is no such address; the text stands before it.
#define LISTEN_ADDRESS_FAULT                                                                       \
    "must be an address and a port of this machine, as in 127.0.0.1:8088, localhost:8088, "        \
    "[::1]:8088 or :8088; 0.0.0.0:8088 stands for all its addresses"

#define LISTEN_HOST_SIZE 64

typedef struct {
    char host[LISTEN_HOST_SIZE];  //  without brackets
    uint16_t port;
} listen_address_t;

//  Parse an address to listen on (host_port.h). The default host is 127.0.0.1, and the default port
//  usual_port, unless that is 0. localhost stands for 127.0.0.1. Return false if the text is no
//  such address.
bool listen_address_read (listen_address_t *self, const char *text, uint16_t usual_port)
    __attribute__ ((warn_unused_result));

//  Parse an address without a port, in the same way.
bool listen_host_read (char host[LISTEN_HOST_SIZE], const char *text)
    __attribute__ ((warn_unused_result));

//  Return true for the text of an address that only this machine reaches: 127.0.0.0/8 or ::1.
bool address_is_loopback (const char *text);

#endif
