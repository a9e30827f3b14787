//  SPDX-License-Identifier: Apache-2.0
#include "common/sqs/sqs_settings.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "common/bus/bus_settings.h"
#include "common/process/log.h"

#define NAME_MAX_BYTES 80
#define ROOM_BYTES 10  //  of a name: "-1023.fifo"
#define WAIT_S 20
#define WAIT_MAX_S 20
#define VISIBILITY_S 10
#define VISIBILITY_MIN_S 2
#define VISIBILITY_MAX_S 43200
#define DECIMAL 10

static bool
s_is_made_of (const char *text, const char *good)
{
    return *text && strspn (text, good) == strlen (text);
}

//  Return NULL, or the fault of an endpoint.
static const char *
s_set_endpoint (sqs_settings_t *self, const char *value)
{
    const char *host = NULL;
    if (g_str_has_prefix (value, "https://"))
        host = value + strlen ("https://");
    else if (g_str_has_prefix (value, "http://"))
        host = value + strlen ("http://");
    if (!host || !*host || *host == '/' || strpbrk (host, "@?# "))
        return "it must be http://HOST:PORT or https://HOST:PORT";
    g_free (self->endpoint);
    self->endpoint = g_strconcat (value, g_str_has_suffix (value, "/") ? "" : "/", NULL);
    return NULL;
}

static const char *
s_set_region (sqs_settings_t *self, const char *value)
{
    if (!s_is_made_of (value, "abcdefghijklmnopqrstuvwxyz0123456789-"))
        return "a region is made of letters, digits and hyphens";
    g_free (self->region);
    self->region = g_strdup (value);
    return NULL;
}

static const char *
s_set_fifo (sqs_settings_t *self, const char *value)
{
    self->is_fifo = g_str_equal (value, "yes");
    return self->is_fifo || g_str_equal (value, "no") ? NULL : "it must be yes or no";
}

//  Read seconds. Return false unless they are within both bounds.
static bool
s_read_seconds (const char *value, int least, int most, int *seconds)
{
    char *end = NULL;
    long number = strtol (value, &end, DECIMAL);
    if (!*value || *end || number < least || number > most)
        return false;
    *seconds = (int) number;
    return true;
}

//  Return NULL, or the fault of a setting.
static const char *
s_set (sqs_settings_t *self, const char *name, const char *value)
{
    if (g_str_equal (name, "region"))
        return s_set_region (self, value);
    if (g_str_equal (name, "endpoint"))
        return s_set_endpoint (self, value);
    if (g_str_equal (name, "fifo"))
        return s_set_fifo (self, value);
    if (g_str_equal (name, "profile")) {
        g_free (self->profile);
        self->profile = g_strdup (value);
        return *value ? NULL : "it must be the name of a profile";
    }
    if (g_str_equal (name, "visibility_seconds"))
        return s_read_seconds (value, VISIBILITY_MIN_S, VISIBILITY_MAX_S, &self->visibility_s)
                   ? NULL
                   : "it must be a number from 2 to 43200";
    if (g_str_equal (name, "wait_seconds"))
        return s_read_seconds (value, 1, WAIT_MAX_S, &self->wait_s)
                   ? NULL
                   : "it must be a number from 1 to 20";
    return "there is no such setting; there are region, endpoint, fifo, profile, "
           "visibility_seconds and wait_seconds";
}

static bool
s_read (sqs_settings_t *self, const bus_settings_t *file)
{
    for (size_t index = 0; index < bus_settings_count (file); index++) {
        const char *fault =
            s_set (self, bus_settings_name (file, index), bus_settings_value (file, index));
        if (fault)
            return bus_settings_refuse (file, index, fault);
    }
    return true;
}

//  Return true if queues can have a name, with so many bytes behind it.
static bool
s_check_name (const char *flag, const char *name, size_t room)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    if (s_is_made_of (name, good) && strlen (name) + room <= NAME_MAX_BYTES)
        return true;
    log_event (LOG_ERROR, "no queue of SQS can have this name", "flag=--%s name=%s advice=%s", flag,
        name, "at most 70 letters, digits, underscores and hyphens");
    return false;
}

static bool
s_complete (sqs_settings_t *self, const bus_choice_t *choice)
{
    if (!s_check_name ("topic", choice->topic, ROOM_BYTES) ||
        (choice->dead_letter && !s_check_name ("dead-letter", choice->dead_letter, ROOM_BYTES)))
        return false;
    self->prefix = g_strdup (choice->topic);
    self->topic = g_strconcat (choice->topic, self->is_fifo ? ".fifo" : "", NULL);
    self->dead_letter = g_strdup (choice->dead_letter);
    if (!self->endpoint)
        self->endpoint = g_strdup_printf ("https://sqs.%s.amazonaws.com%s/", self->region,
            g_str_has_prefix (self->region, "cn-") ? ".cn" : "");
    return true;
}

sqs_settings_t *
sqs_settings_read (const bus_choice_t *choice)
{
    bus_settings_t *file = bus_settings_read (BUS_SQS, choice->settings);
    if (!file)
        return NULL;
    sqs_settings_t *self = g_new0 (sqs_settings_t, 1);
    self->visibility_s = VISIBILITY_S;
    self->wait_s = WAIT_S;
    if (!s_read (self, file) || !s_complete (self, choice))
        sqs_settings_destroy (&self);
    bus_settings_destroy (&file);
    return self;
}

void
sqs_settings_destroy (sqs_settings_t **self_p)
{
    sqs_settings_t *self = *self_p;
    if (!self)
        return;
    g_free (self->region);
    g_free (self->endpoint);
    g_free (self->profile);
    g_free (self->topic);
    g_free (self->prefix);
    g_free (self->dead_letter);
    g_free (self);
    *self_p = NULL;
}

char *
sqs_settings_queue (const sqs_settings_t *self, uint32_t partition)
{
    return g_strdup_printf ("%s-%u%s", self->prefix, partition, self->is_fifo ? ".fifo" : "");
}
