//  SPDX-License-Identifier: Apache-2.0
#include "common/network/address.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

address_t
address_of (const char *host, uint16_t port)
{
    address_t self = {.port = port};
    bool needs_brackets = strchr (host, ':') && *host != '[';
    g_snprintf (self.host, sizeof self.host, needs_brackets ? "[%s]" : "%s", host);
    return self;
}

void
address_print (const address_t *self, char text[ADDRESS_TEXT_SIZE])
{
    g_snprintf (text, ADDRESS_TEXT_SIZE, "%s:%u", self->host, (unsigned) self->port);
}

void
address_endpoint (const address_t *self, address_port_t port, char endpoint[ADDRESS_ENDPOINT_SIZE])
{
    g_snprintf (endpoint, ADDRESS_ENDPOINT_SIZE, "tcp://%s:%u", self->host,
        (unsigned) self->port + (unsigned) port);
}
