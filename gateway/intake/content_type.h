//  Choose the form of a body by its Content-Type.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CONTENT_TYPE_H
#define DOWNLINK_CONTENT_TYPE_H

#include "common/bytes/message_json.h"

//  Set *form to the form that a Content-Type names; NULL and "" are JSON. Any JSON, text or form
//  type is JSON too, so that a bare `curl -d` works. Return false for any other type.
bool content_type_read (const char *field, message_json_form_t *form)
    __attribute__ ((warn_unused_result));

#endif
