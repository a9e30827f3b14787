//  SPDX-License-Identifier: Apache-2.0
#include "gateway/intake/content_type.h"

#include <strings.h>

//  Return true for any JSON except unknown formats of events, and for the default type of curl.
static bool
s_is_taken_as_json (text_t type)
{
    if (text_begins_with_word (type, "application/cloudevents"))
        return false;
    bool is_json = text_begins_with_word (type, "application/") && type.size > 5 &&
                   strncasecmp (type.data + type.size - 5, "+json", 5) == 0;
    return is_json || text_begins_with_word (type, "text/") ||
           text_is_word (type, "application/x-www-form-urlencoded") ||
           text_is_word (type, "multipart/form-data");
}

bool
content_type_read (const char *field, message_json_form_t *form)
{
    static const struct {
        const char *type;
        message_json_form_t form;
    } types[] = {
        {"application/json", MESSAGE_JSON_DOCUMENT},
        {"application/x-ndjson", MESSAGE_JSON_LINES},
        {"application/ndjson", MESSAGE_JSON_LINES},
        {"application/jsonl", MESSAGE_JSON_LINES},
        {"application/x-jsonl", MESSAGE_JSON_LINES},
        {"application/jsonlines", MESSAGE_JSON_LINES},
        {"application/x-jsonlines", MESSAGE_JSON_LINES},
        {"application/json-lines", MESSAGE_JSON_LINES},
        {"application/ldjson", MESSAGE_JSON_LINES},
        {"application/x-ldjson", MESSAGE_JSON_LINES},
        {"application/stream+json", MESSAGE_JSON_LINES},
        {"application/x-json-stream", MESSAGE_JSON_LINES},
        {"text/x-ndjson", MESSAGE_JSON_LINES},
        {"text/ndjson", MESSAGE_JSON_LINES},
        {"text/jsonl", MESSAGE_JSON_LINES},
        {"application/cloudevents+json", MESSAGE_JSON_EVENT},
        {"application/cloudevents-batch+json", MESSAGE_JSON_EVENTS},
    };
    *form = MESSAGE_JSON_DOCUMENT;
    //  Most clients send exactly the first type.
    if (!field || !*field || strcmp (field, types[0].type) == 0)
        return true;
    size_t size = strcspn (field, ";");
    while (size > 0 && (field[size - 1] == ' ' || field[size - 1] == '\t'))
        size--;
    text_t type = text_of (field, size);
    for (size_t index = 0; index < sizeof types / sizeof types[0]; index++) {
        if (text_is_word (type, types[index].type)) {
            *form = types[index].form;
            return true;
        }
    }
    return s_is_taken_as_json (type);
}
