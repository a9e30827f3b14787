//  An answer with a whole body.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_RESPONSE_H
#define DOWNLINK_HTTP_RESPONSE_H

#include "common/text/text.h"

#define HTTP_FIELDS_MAX 8

typedef struct {
    unsigned status;
    const char *content_type;  //  NULL without a body
    text_t body;
    bool is_static;       //  the body lives as long as the program: http_answer does not copy it
    const char *problem;  //  name of the problem that it reports, a literal; NULL: none
    struct {
        const char *name;
        const char *value;
    } fields[HTTP_FIELDS_MAX];  //  ends at the first without a name
} http_response_t;

#endif
