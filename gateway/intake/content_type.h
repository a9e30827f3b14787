//  What a Content-Type says of the form of a body.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CONTENT_TYPE_H
#define DOWNLINK_CONTENT_TYPE_H

#include "common/bytes/message_json.h"

//  The form that a Content-Type asks for; NULL or empty is JSON. Any JSON, text or form type is taken
//  as JSON, so that a bare `curl -d` works. Returns false for a type that is none of ours.
bool content_type_read (const char *field, message_json_form_t *form)
    __attribute__ ((warn_unused_result));

#endif
