//  SPDX-License-Identifier: Apache-2.0
#include <glib.h>
#include <string.h>

#include "common/bytes/json_writer.h"
#include "common/options/options_print.h"

static void
s_write (json_writer_t *json, const char *name, const char *text)
{
    json_key (json, name);
    json_text (json, (text_t){text, text ? strlen (text) : 0});
}

static void
s_write_words (json_writer_t *json, const option_t *option)
{
    char **words = option_words (option);
    if (!words)
        return;
    json_key (json, "words");
    json_begin_array (json);
    for (char **word = words; *word; word++)
        json_string (json, *word);
    json_end_array (json);
    g_strfreev (words);
}

static void
s_write_option (json_writer_t *json, const option_t *option)
{
    bool has_range = option->kind == OPTION_NUMBER && option->max > 0;
    char *variable = option_variable (option);
    char *placeholder = option_placeholder (option);
    json_begin_object (json);
    s_write (json, "name", option->name);
    s_write (json, "value", placeholder);
    s_write (json, "help", option->help);
    s_write (json, "variable", variable);
    s_write (json, "default", option_has_default (option) ? option->fallback : NULL);
    json_key (json, "isSwitch");
    json_bool (json, option->kind == OPTION_SWITCH);
    s_write_words (json, option);
    if (has_range) {
        json_key (json, "min");
        json_uint (json, option->min);
        json_key (json, "max");
        json_uint (json, option->max);
    }
    json_end_object (json);
    g_free (placeholder);
    g_free (variable);
}

//  Write a flag that every program has; the environment has no variable for it.
static void
s_write_asking (json_writer_t *json, const asking_t *asking)
{
    json_begin_object (json);
    char letter[2] = {asking->letter, '\0'};
    s_write (json, "name", asking->name);
    s_write (json, "letter", asking->letter ? letter : NULL);
    s_write (json, "help", asking->help);
    json_end_object (json);
}

void
options_print_dump (const options_t *self)
{
    json_writer_t *json = json_writer_new ();
    json_begin_object (json);
    s_write (json, "program", self->program);
    s_write (json, "version", DOWNLINK_VERSION);
    s_write (json, "summary", self->summary);
    s_write (json, "arguments", self->arguments);
    s_write (json, "description", self->description);
    s_write (json, "examples", self->examples);
    json_key (json, "options");
    json_begin_array (json);
    for (size_t index = 0; index < self->count; index++)
        s_write_option (json, &self->options[index]);
    for (size_t index = 0; index < ASKINGS; index++)
        s_write_asking (json, &options_askings[index]);
    json_end_array (json);
    json_end_object (json);
    text_t text = json_writer_text (json);
    printf ("%.*s\n", (int) text.size, text.data);
    json_writer_destroy (&json);
}
