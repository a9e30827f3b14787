//  SPDX-License-Identifier: Apache-2.0
#include "common/bus/bus.h"

#include <glib.h>
#include <string.h>

#define TOPIC_MAX_BYTES 249

typedef struct {
    const char *name;
    partitioner_t partitioner;
    bool needs_partitioner;
    const char *setting;  //  NULL: there is no file of settings
} bus_row_t;

#define BUS_ROW(NAME, name, partitioner, needs_it, setting, help)                                  \
    {#name, PARTITIONER_##partitioner, needs_it, setting},
static const bus_row_t s_buses[] = {BUSES (BUS_ROW)};

const char *
bus_name (bus_t self)
{
    return s_buses[self].name;
}

partitioner_t
bus_partitioner (bus_t self)
{
    return s_buses[self].partitioner;
}

bool
bus_needs_partitioner (bus_t self)
{
    return s_buses[self].needs_partitioner;
}

const char *
bus_needed_setting (bus_t self)
{
    return s_buses[self].setting;
}

//  Return true for a name that brokers take.
static bool
s_is_topic (const char *name)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t size = strlen (name);
    return size > 0 && size <= TOPIC_MAX_BYTES && strspn (name, good) == size &&
           !g_str_equal (name, ".") && !g_str_equal (name, "..");
}

//  Write a sentence. Return false.
static bool G_GNUC_PRINTF (2, 3) s_refuse (char *refusal, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    g_vsnprintf (refusal, BUS_REFUSAL_SIZE, format, arguments);
    va_end (arguments);
    return false;
}

static bool
s_check_name (const char *flag, const char *name, char *refusal)
{
    return s_is_topic (name) ||
           s_refuse (refusal,
               "--%s: '%.*s' is no name of a topic: 1 to %d letters, digits, dots, underscores and "
               "hyphens",
               flag, TOPIC_MAX_BYTES, name, TOPIC_MAX_BYTES);
}

//  Check the names, which need a broker.
static bool
s_check_names (const bus_choice_t *choice, char *refusal)
{
    if (!s_buses[choice->bus].setting)
        return !choice->dead_letter ||
               s_refuse (refusal, "--dead-letter: --bus=%s has no topics", bus_name (choice->bus));
    if (!s_check_name ("topic", choice->topic, refusal))
        return false;
    if (!choice->dead_letter)
        return true;
    if (!s_check_name ("dead-letter", choice->dead_letter, refusal))
        return false;
    return !g_str_equal (choice->topic, choice->dead_letter) ||
           s_refuse (refusal, "--dead-letter: '%s' is the topic that is read", choice->dead_letter);
}

bool
bus_choose (const bus_flags_t *flags, bus_choice_t *choice, char refusal[BUS_REFUSAL_SIZE])
{
    const bus_row_t *row = &s_buses[flags->bus];
    *choice = (bus_choice_t){
        (bus_t) flags->bus, flags->settings[flags->bus], flags->topic, flags->dead_letter};
    if (row->setting && !choice->settings)
        return s_refuse (refusal, "--bus=%s needs --%s-config, a file that sets %s", row->name,
            row->name, row->setting);
    for (int other = 0; other < BUS_COUNT; other++)
        if (other != flags->bus && flags->settings[other])
            return s_refuse (refusal,
                "--%s-config does not go with --bus=%s: leave it out, or choose --bus=%s",
                s_buses[other].name, row->name, s_buses[other].name);
    return s_check_names (choice, refusal);
}
