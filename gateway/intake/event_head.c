//  SPDX-License-Identifier: Apache-2.0
#include "gateway/intake/event_head.h"

#include <glib.h>

bool
event_head_is_there (const http_request_t *request)
{
    return http_request_field (request, HTTP_FIELD_CE_SPECVERSION) != NULL;
}

void
event_head_read (event_head_t *self, const http_request_t *request)
{
    memset (self, 0, sizeof *self);
    for (int one = 0; one < CLOUD_EVENT_ATTRIBUTES_COUNT; one++) {
        char name[32];
        size_t size = 0;
        g_snprintf (name, sizeof name, "ce-%s", cloud_event_name ((cloud_event_attribute_t) one));
        const char *value = http_request_other_field (request, name);
        if (!value)
            continue;
        self->owned[one] = cloud_event_decode (value, &size);
        self->event.attributes[one] =
            self->owned[one] ? text_of (self->owned[one], size) : text_from ("");
    }
}

void
event_head_free (event_head_t *self)
{
    for (int one = 0; one < CLOUD_EVENT_ATTRIBUTES_COUNT; one++)
        g_free (self->owned[one]);
}
