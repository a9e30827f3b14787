//  SPDX-License-Identifier: Apache-2.0
#include "common/kafka/kafka_config.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "common/process/log.h"

#define FILE_MAX_BYTES (1024 * 1024)

typedef struct {
    char *name;
    char *value;
    unsigned line;
} setting_t;

struct kafka_config {
    char *path;
    GArray *settings;  //  of setting_t
};

static void
s_free_setting (void *data)
{
    setting_t *setting = data;
    g_free (setting->name);
    g_free (setting->value);
}

//  Log what is wrong with the file. Return false.
static bool
s_complain (const kafka_config_t *self, unsigned line, const char *reason)
{
    log_event (LOG_ERROR, "cannot use the file of --kafka-config", "path=%s line=%u reason=%s",
        self->path, line, reason);
    return false;
}

//  Add the setting in a line, which is changed. Return false if the line is none.
static bool
s_add_line (kafka_config_t *self, char *text, unsigned line)
{
    g_strstrip (text);
    if (!*text || *text == '#')
        return true;
    char *equals = strchr (text, '=');
    if (!equals || equals == text)
        return s_complain (self, line, "it is not of the form name=value");
    if (self->settings->len == KAFKA_CONFIG_LINES_MAX)
        return s_complain (self, line, "there are too many settings");
    *equals = 0;
    setting_t setting = {g_strdup (g_strstrip (text)), g_strdup (g_strstrip (equals + 1)), line};
    g_array_append_val (self->settings, setting);
    return true;
}

static bool
s_has (const kafka_config_t *self, const char *name)
{
    for (size_t index = 0; index < kafka_config_count (self); index++)
        if (g_str_equal (kafka_config_name (self, index), name))
            return true;
    return false;
}

static bool
s_read (kafka_config_t *self, char *text)
{
    bool good = true;
    unsigned line = 1;
    for (char *at = text; good && at; line++) {
        char *end = strchr (at, '\n');
        if (end)
            *end++ = 0;
        good = s_add_line (self, at, line);
        at = end;
    }
    if (good && !s_has (self, "bootstrap.servers") && !s_has (self, "metadata.broker.list"))
        good =
            s_complain (self, line, "it does not set bootstrap.servers, the brokers to begin with");
    return good;
}

kafka_config_t *
kafka_config_read (const char *path)
{
    kafka_config_t *self = g_new0 (kafka_config_t, 1);
    self->path = g_strdup (path);
    self->settings = g_array_new (FALSE, FALSE, sizeof (setting_t));
    g_array_set_clear_func (self->settings, s_free_setting);
    char *text = NULL;
    gsize size = 0;
    GError *error = NULL;
    bool good = g_file_get_contents (path, &text, &size, &error);
    if (!good)
        s_complain (self, 0, error->message);
    else if (size > FILE_MAX_BYTES || strlen (text) != size)
        good = s_complain (self, 0, "it is not a text of settings");
    if (!good || !s_read (self, text))
        kafka_config_destroy (&self);
    g_clear_error (&error);
    g_free (text);
    return self;
}

void
kafka_config_destroy (kafka_config_t **self_p)
{
    kafka_config_t *self = *self_p;
    if (!self)
        return;
    g_array_unref (self->settings);
    g_free (self->path);
    g_free (self);
    *self_p = NULL;
}

size_t
kafka_config_count (const kafka_config_t *self)
{
    return self->settings->len;
}

const char *
kafka_config_name (const kafka_config_t *self, size_t index)
{
    return g_array_index (self->settings, setting_t, index).name;
}

const char *
kafka_config_value (const kafka_config_t *self, size_t index)
{
    return g_array_index (self->settings, setting_t, index).value;
}

unsigned
kafka_config_line (const kafka_config_t *self, size_t index)
{
    return g_array_index (self->settings, setting_t, index).line;
}

const char *
kafka_config_path (const kafka_config_t *self)
{
    return self->path;
}
