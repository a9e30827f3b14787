//  SPDX-License-Identifier: Apache-2.0
#include "http/rules/http_target.h"

#include <glib.h>

char *
http_target_decode (const char *text, size_t size, bool plus_is_space)
{
    //  Most texts have nothing to decode.
    if (!memchr (text, '%', size) && (!plus_is_space || !memchr (text, '+', size)))
        return g_strndup (text, size);
    GString *decoded = g_string_sized_new (size);
    for (size_t index = 0; index < size; index++) {
        char byte = text[index];
        if (byte == '%') {
            int high = size - index > 2 ? g_ascii_xdigit_value (text[index + 1]) : -1;
            int low = size - index > 2 ? g_ascii_xdigit_value (text[index + 2]) : -1;
            if (high < 0 || low < 0 || (high == 0 && low == 0)) {
                g_string_free (decoded, TRUE);
                return NULL;
            }
            byte = (char) (high * 16 + low);
            index += 2;
        }
        else if (byte == '+' && plus_is_space)
            byte = ' ';
        g_string_append_c (decoded, byte);
    }
    return g_string_free (decoded, FALSE);
}

static const char *
s_read_parameter (http_target_t *self, const char *text, size_t size)
{
    if (size == 0)
        return NULL;
    if (self->count == HTTP_PARAMETERS_MAX)
        return "the query has too many parameters";
    const char *equals = memchr (text, '=', size);
    size_t name_size = equals ? (size_t) (equals - text) : size;
    http_parameter_t *parameter = &self->parameters[self->count++];
    parameter->raw = equals ? equals + 1 : text + size;
    parameter->raw_size = equals ? size - name_size - 1 : 0;
    parameter->name = http_target_decode (text, name_size, true);
    parameter->value = http_target_decode (parameter->raw, parameter->raw_size, true);
    if (!parameter->name || !parameter->value)
        return "the query has a broken percent escape";
    return NULL;
}

//  The parameters have no values until they are read.
static void
s_empty (http_target_t *self)
{
    self->path = NULL;
    self->own_path = NULL;
    self->count = 0;
}

const char *
http_target_read (http_target_t *self, const char *target)
{
    s_empty (self);
    const char *scheme = target[0] == '/' ? NULL : strstr (target, "://");
    if (scheme) {
        target = strchr (scheme + 3, '/');
        if (!target)
            target = "/";
    }
    size_t path_size = strcspn (target, "?#");
    if (target[path_size])
        self->own_path = g_strndup (target, path_size);
    self->path = self->own_path ? self->own_path : target;
    const char *query = target[path_size] == '?' ? target + path_size + 1 : "";
    while (*query) {
        size_t size = strcspn (query, "&#");
        const char *fault = s_read_parameter (self, query, size);
        if (fault)
            return fault;
        query += size;
        if (*query == '#')
            break;
        query += *query == '&';
    }
    return NULL;
}

void
http_target_free (http_target_t *self)
{
    for (size_t index = 0; index < self->count; index++) {
        g_free (self->parameters[index].name);
        g_free (self->parameters[index].value);
    }
    g_free (self->own_path);
    s_empty (self);
}
