//  ADDR:PORT, the value of flags with an address to listen on.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_LISTEN_ADDRESS_H
#define DOWNLINK_LISTEN_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

//  What a complaint about a text that is no such address says, behind the text.
#define LISTEN_ADDRESS_FAULT                                                                       \
    "must be an address and a port of this machine, as in 127.0.0.1:8088; 0.0.0.0:8088 stands "    \
    "for "                                                                                         \
    "all its addresses"

typedef struct {
    char host[64];  //  without brackets
    uint16_t port;
} listen_address_t;

//  Parse 127.0.0.1:8088 or [::1]:8088. Return false if the text has neither form.
bool listen_address_read (listen_address_t *self, const char *text)
    __attribute__ ((warn_unused_result));

//  Return true for the text of an address that only this machine reaches: 127.0.0.0/8 or ::1.
bool address_is_loopback (const char *text);

#endif
