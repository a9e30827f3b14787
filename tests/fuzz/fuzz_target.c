//  Fuzz request targets: path, parameters, percent escapes. A value that is escaped again decodes
//  to itself.
//  SPDX-License-Identifier: Apache-2.0
#include "http/rules/http_target.h"
#include "tests/fuzz/input.h"

static void
s_check (const char *text, bool plus_is_space)
{
    char *escaped = g_uri_escape_string (text, NULL, FALSE);
    char *decoded = http_target_decode (escaped, strlen (escaped), plus_is_space);
    g_assert (g_strcmp0 (decoded, text) == 0);
    g_free (escaped);
    g_free (decoded);
}

static void
s_check_parameter (const http_parameter_t *parameter, const char *target)
{
    g_assert (parameter->name && parameter->value);
    g_assert (parameter->raw >= target &&
              parameter->raw + parameter->raw_size <= target + strlen (target));
    g_assert (strlen (parameter->value) <= parameter->raw_size);
    s_check (parameter->name, true);
    s_check (parameter->value, true);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    input_t input = {data, size};
    char *text = input_string (input_rest (&input));
    http_target_t target;
    const char *fault = http_target_read (&target, text);
    g_assert (target.count <= HTTP_PARAMETERS_MAX);
    if (!fault) {
        g_assert (target.path && !strpbrk (target.path, "?#"));
        for (size_t index = 0; index < target.count; index++)
            s_check_parameter (&target.parameters[index], text);
        char *path = http_target_decode (target.path, strlen (target.path), false);
        if (path)
            s_check (path, false);
        g_free (path);
    }
    http_target_free (&target);
    g_free (text);
    return 0;
}
