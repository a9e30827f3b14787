//  SPDX-License-Identifier: Apache-2.0
#include "common/bus/bus_settings.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "common/access/watched_file.h"
#include "common/process/log.h"

#define FILE_MAX_BYTES (1024 * 1024)

typedef struct {
    char *name;
    char *value;
    unsigned line;
} setting_t;

struct bus_settings {
    bus_t bus;
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

//  Log a fault in a line of the file. Return false.
static bool
s_complain (const bus_settings_t *self, unsigned line, const char *reason)
{
    log_event (LOG_ERROR, "cannot use a file of settings", "bus=%s path=%s line=%u reason=%s",
        bus_name (self->bus), self->path, line, reason);
    return false;
}

//  Add the setting in a line. The line is changed. Return false if the line is malformed.
static bool
s_add_line (bus_settings_t *self, char *text, unsigned line)
{
    g_strstrip (text);
    if (!*text || *text == '#')
        return true;
    char *equals = strchr (text, '=');
    if (!equals || equals == text)
        return s_complain (self, line, "it is not of the form name=value");
    if (self->settings->len == BUS_SETTINGS_MAX)
        return s_complain (self, line, "there are too many settings");
    *equals = 0;
    setting_t setting = {g_strdup (g_strstrip (text)), g_strdup (g_strstrip (equals + 1)), line};
    g_array_append_val (self->settings, setting);
    return true;
}

static bool
s_has (const bus_settings_t *self, const char *name)
{
    for (size_t index = 0; index < bus_settings_count (self); index++)
        if (g_str_equal (bus_settings_name (self, index), name))
            return true;
    return false;
}

static bool
s_read (bus_settings_t *self, char *text)
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
    const char *needed = bus_needed_setting (self->bus);
    if (good && !s_has (self, needed)) {
        char *reason = g_strconcat ("it does not set ", needed, NULL);
        good = bus_settings_refuse_all (self, reason);
        g_free (reason);
    }
    return good;
}

bus_settings_t *
bus_settings_read (bus_t bus, const char *path)
{
    bus_settings_t *self = g_new0 (bus_settings_t, 1);
    self->bus = bus;
    self->path = g_strdup (path);
    self->settings = g_array_new (FALSE, FALSE, sizeof (setting_t));
    g_array_set_clear_func (self->settings, s_free_setting);
    size_t size = 0;
    file_trace_t trace;
    char fault[WATCHED_FILE_FAULT_SIZE];
    char *text =
        watched_file_read (path, WATCHED_FILE_WRITING, FILE_MAX_BYTES, &size, &trace, fault);
    bool good = text != NULL;
    if (!good)
        bus_settings_refuse_all (self, fault);
    else if (strlen (text) != size)
        good = bus_settings_refuse_all (self, "it is not a text of settings");
    if (!good || !s_read (self, text))
        bus_settings_destroy (&self);
    g_free (text);
    return self;
}

void
bus_settings_destroy (bus_settings_t **self_p)
{
    bus_settings_t *self = *self_p;
    if (!self)
        return;
    g_array_unref (self->settings);
    g_free (self->path);
    g_free (self);
    *self_p = NULL;
}

size_t
bus_settings_count (const bus_settings_t *self)
{
    return self->settings->len;
}

const char *
bus_settings_name (const bus_settings_t *self, size_t index)
{
    return g_array_index (self->settings, setting_t, index).name;
}

const char *
bus_settings_value (const bus_settings_t *self, size_t index)
{
    return g_array_index (self->settings, setting_t, index).value;
}

bool
bus_settings_refuse (const bus_settings_t *self, size_t index, const char *reason)
{
    const setting_t *setting = &g_array_index (self->settings, setting_t, index);
    log_event (LOG_ERROR, "cannot use a setting in a file of settings",
        "bus=%s path=%s line=%u setting=%s reason=%s", bus_name (self->bus), self->path,
        setting->line, setting->name, reason);
    return false;
}

bool
bus_settings_refuse_all (const bus_settings_t *self, const char *reason)
{
    log_event (LOG_ERROR, "cannot use a file of settings", "bus=%s path=%s reason=%s",
        bus_name (self->bus), self->path, reason);
    return false;
}
