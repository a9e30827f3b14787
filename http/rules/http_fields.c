//  SPDX-License-Identifier: Apache-2.0
#include "http/rules/http_fields.h"

#include <stdint.h>

#define NAME_OF(NAME, first, last, name) [HTTP_FIELD_##NAME] = {name, sizeof (name) - 1},
static const text_t s_names[HTTP_FIELDS_COUNT] = {HTTP_FIELDS (NAME_OF)};

#define PLACE_OF(NAME, first, last, name)                                                          \
    [HTTP_FIELD_PLACE (first, last, sizeof (name) - 1)] = HTTP_FIELD_##NAME,
static const uint8_t s_places[HTTP_FIELD_PLACES] = {HTTP_FIELDS (PLACE_OF)};

static size_t
s_lower (char letter)
{
    return (unsigned char) letter | 0x20u;
}

http_field_t
http_field_of (text_t name)
{
    if (name.size == 0)
        return HTTP_FIELD_OTHER;
    size_t place =
        HTTP_FIELD_PLACE (s_lower (name.data[0]), s_lower (name.data[name.size - 1]), name.size);
    http_field_t field = (http_field_t) s_places[place];
    bool is_it = name.size == s_names[field].size &&
                 strncasecmp (name.data, s_names[field].data, name.size) == 0;
    return is_it ? field : HTTP_FIELD_OTHER;
}
