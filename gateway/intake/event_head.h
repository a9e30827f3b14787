//  The attributes of a CloudEvent in binary mode, from the ce- fields of a request's head.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_EVENT_HEAD_H
#define DOWNLINK_EVENT_HEAD_H

#include "common/domain/cloud_event.h"
#include "http/http_request.h"

typedef struct {
    cloud_event_t event;
    char *owned[CLOUD_EVENT_ATTRIBUTES_COUNT];
} event_head_t;

//  Return true if a request is an event in binary mode: it has a ce-specversion. Do not ask for a
//  body of JSON events.
bool event_head_is_there (const http_request_t *request);

//  Read the fields. A broken field becomes an empty attribute, which breaks the rule of that
//  attribute.
void event_head_read (event_head_t *self, const http_request_t *request);

void event_head_free (event_head_t *self);

#endif
