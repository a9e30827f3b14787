//  SPDX-License-Identifier: Apache-2.0
#include "common/network/listen_address.h"

#include <glib.h>
#include <string.h>

bool
listen_address_read (listen_address_t *self, const char *text)
{
    const char *colon = strrchr (text, ':');
    guint64 port = 0;
    bool in_brackets = colon && text[0] == '[' && colon > text + 1 && colon[-1] == ']';
    size_t size = colon ? (size_t) (colon - text) - (in_brackets ? 2 : 0) : 0;
    if (size == 0 || size >= sizeof self->host ||
        !g_ascii_string_to_unsigned (colon + 1, 10, 1, 65535, &port, NULL))
        return false;
    memcpy (self->host, text + (in_brackets ? 1 : 0), size);
    self->host[size] = 0;
    self->port = (uint16_t) port;
    return true;
}
