//  The address of a processor: a host and the port for frames. The ports for queries and for events
//  are the next two.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ADDRESS_H
#define DOWNLINK_ADDRESS_H

#include <stdint.h>

typedef struct {
    char host[64];  //  numeric, IPv6 in brackets
    uint16_t port;
} address_t;

//  A processor's sockets; the number is the distance from the port of the frames.
typedef enum { PORT_FRAMES = 0, PORT_QUERIES = 1, PORT_EVENTS = 2 } address_port_t;

//  The largest port of frames: two more ports follow it.
#define ADDRESS_PORT_MAX (UINT16_MAX - PORT_EVENTS)

#define ADDRESS_TEXT_SIZE (64 + sizeof ":65535")
#define ADDRESS_ENDPOINT_SIZE (sizeof "tcp://" + ADDRESS_TEXT_SIZE)

//  Make an address of a numeric host, with or without brackets. A host that is too long is cut, and
//  then is no valid address.
address_t address_of (const char *host, uint16_t port);

//  Write "host:port" with the port for frames.
void address_print (const address_t *self, char text[ADDRESS_TEXT_SIZE]);

//  Write the endpoint of one of the processor's sockets, such as "tcp://127.0.0.1:5562".
void address_endpoint (
    const address_t *self, address_port_t port, char endpoint[ADDRESS_ENDPOINT_SIZE]);

#endif
