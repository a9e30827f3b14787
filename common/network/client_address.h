//  The address of a client, as a number: IPv6, or IPv4 in its mapped form (::ffff:192.0.2.1), so
//  that a client has the same address for IPv4 and IPv6 listeners. Pure functions, except
//  client_address_of_socket.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CLIENT_ADDRESS_H
#define DOWNLINK_CLIENT_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/text/text.h"

typedef struct {
    uint8_t bytes[16];  //  in network order; all zero: not known
} client_address_t;

#define CLIENT_ADDRESS_TEXT_SIZE INET6_ADDRSTRLEN

//  Set *self to the address in a sockaddr. Return false if it is neither IPv4 nor IPv6.
bool client_address_of (client_address_t *self, const struct sockaddr *place);

//  Set *self to the address of the peer of a connected socket. Return false if there is none.
bool client_address_of_socket (client_address_t *self, int fd);

//  Read a numeric address, in the forms that proxies write in X-Forwarded-For: an IPv4 address may
//  have a port behind it, an IPv6 address brackets, and behind them a port. Return false for any
//  other text.
bool client_address_read (client_address_t *self, text_t text) __attribute__ ((warn_unused_result));

//  Return true for an IPv4 address.
bool client_address_is_ip4 (const client_address_t *self);

//  Return true for an address that only this machine has: 127.0.0.0/8 or ::1.
bool client_address_is_loopback (const client_address_t *self);

//  Return a hash of the client that an address stands for: of the whole IPv4 address, or of the
//  first 64 bits of an IPv6 address, because a client may choose the other bits freely. Without the
//  seed, no attacker can find two clients with the same hash.
uint64_t client_address_hash (const client_address_t *self, uint64_t seed);

//  Write the address in its usual form: 192.0.2.1 or 2001:db8::1.
void client_address_print (const client_address_t *self, char text[CLIENT_ADDRESS_TEXT_SIZE]);

#endif
