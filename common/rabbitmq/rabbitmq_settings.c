//  SPDX-License-Identifier: Apache-2.0
#include "common/rabbitmq/rabbitmq_settings.h"

#include <glib.h>

#include "common/bus/bus_settings.h"
#include "common/rabbitmq/amqp_library.h"

#define HEARTBEAT_S 5
#define HEARTBEAT_MAX_S 600
#define SYSTEM_CA "/etc/ssl/certs/ca-certificates.crt"

//  Add a URL. Return NULL, or why it cannot be used.
static const char *
s_add_url (rabbitmq_settings_t *self, const char *value)
{
    if (self->urls_count == RABBITMQ_URLS_MAX)
        return "there are too many URLs";
    struct amqp_connection_info parts;
    char *text = g_strdup (value);
    if (amqp_parse_url (text, &parts) != AMQP_STATUS_OK || !*parts.host) {
        g_free (text);
        return "it is not of the form amqp://HOST:PORT/VHOST or amqps://HOST:PORT/VHOST";
    }
    self->urls[self->urls_count++] = (rabbitmq_url_t){
        text, parts.host, parts.port, parts.ssl != 0, parts.vhost, parts.user, parts.password};
    return NULL;
}

static const char *
s_set_heartbeat (rabbitmq_settings_t *self, const char *value)
{
    guint64 seconds = 0;
    if (!g_ascii_string_to_unsigned (value, 10, 1, HEARTBEAT_MAX_S, &seconds, NULL))
        return "it is no number from 1 to 600";
    self->heartbeat_s = (int) seconds;
    return NULL;
}

static const char *
s_set_verify (rabbitmq_settings_t *self, const char *value)
{
    if (!g_str_equal (value, "yes") && !g_str_equal (value, "no"))
        return "it is neither yes nor no";
    self->is_verifying = *value == 'y';
    return NULL;
}

static const char *
s_set_text (char **text, const char *value)
{
    g_free (*text);
    *text = g_strdup (value);
    return NULL;
}

static const char *
s_set_file (char **text, const char *value)
{
    if (!g_file_test (value, G_FILE_TEST_IS_REGULAR))
        return "there is no such file";
    return s_set_text (text, value);
}

//  Set a setting. Return NULL, or why it cannot be used.
static const char *
s_set (rabbitmq_settings_t *self, const char *name, const char *value)
{
    if (g_str_equal (name, "url"))
        return s_add_url (self, value);
    if (g_str_equal (name, "user"))
        return s_set_text (&self->user, value);
    if (g_str_equal (name, "password"))
        return s_set_text (&self->password, value);
    if (g_str_equal (name, "vhost"))
        return s_set_text (&self->vhost, value);
    if (g_str_equal (name, "heartbeat"))
        return s_set_heartbeat (self, value);
    if (g_str_equal (name, "tls.ca"))
        return s_set_file (&self->ca, value);
    if (g_str_equal (name, "tls.cert"))
        return s_set_file (&self->cert, value);
    if (g_str_equal (name, "tls.key"))
        return s_set_file (&self->key, value);
    if (g_str_equal (name, "tls.verify"))
        return s_set_verify (self, value);
    return "there is no such setting: known are url, user, password, vhost, heartbeat, tls.ca, "
           "tls.cert, tls.key and tls.verify";
}

//  Put the settings for all URLs into each.
static void
s_complete (rabbitmq_settings_t *self)
{
    for (size_t index = 0; index < self->urls_count; index++) {
        rabbitmq_url_t *url = &self->urls[index];
        url->user = self->user ? self->user : url->user;
        url->password = self->password ? self->password : url->password;
        url->vhost = self->vhost ? self->vhost : url->vhost;
        if (!*url->vhost)
            url->vhost = "/";
    }
    if (!self->ca && g_file_test (SYSTEM_CA, G_FILE_TEST_EXISTS))
        self->ca = g_strdup (SYSTEM_CA);
}

static bool
s_read (rabbitmq_settings_t *self, const bus_settings_t *file)
{
    for (size_t index = 0; index < bus_settings_count (file); index++) {
        const char *reason =
            s_set (self, bus_settings_name (file, index), bus_settings_value (file, index));
        if (reason)
            return bus_settings_refuse (file, index, reason);
    }
    if (!self->cert != !self->key)
        return bus_settings_refuse_all (file, "tls.cert and tls.key go together");
    s_complete (self);
    return true;
}

rabbitmq_settings_t *
rabbitmq_settings_read (const char *path)
{
    bus_settings_t *file = bus_settings_read (BUS_RABBITMQ, path);
    if (!file)
        return NULL;
    rabbitmq_settings_t *self = g_new0 (rabbitmq_settings_t, 1);
    self->heartbeat_s = HEARTBEAT_S;
    self->is_verifying = true;
    if (!s_read (self, file))
        rabbitmq_settings_destroy (&self);
    bus_settings_destroy (&file);
    return self;
}

void
rabbitmq_settings_destroy (rabbitmq_settings_t **self_p)
{
    rabbitmq_settings_t *self = *self_p;
    if (!self)
        return;
    for (size_t index = 0; index < self->urls_count; index++)
        g_free (self->urls[index].text);
    g_free (self->ca);
    g_free (self->cert);
    g_free (self->key);
    g_free (self->user);
    g_free (self->password);
    g_free (self->vhost);
    g_free (self);
    *self_p = NULL;
}
