//  Fuzz files of settings, --kafka-config and the like: the first byte chooses the bus, 'k', 'r' or
//  's', and the rest is the file. A file that is taken has the setting that it must have.
//  SPDX-License-Identifier: Apache-2.0
#include "common/bus/bus_settings.h"
#include "common/rabbitmq/rabbitmq_settings.h"
#include "common/sqs/sqs_settings.h"
#include "tests/fuzz/input.h"

static void
s_plain (bus_t bus, const char *path)
{
    bus_settings_t *settings = bus_settings_read (bus, path);
    if (!settings)
        return;
    bool has_needed = false;
    g_assert (bus_settings_count (settings) <= BUS_SETTINGS_MAX);
    for (size_t index = 0; index < bus_settings_count (settings); index++) {
        const char *name = bus_settings_name (settings, index);
        const char *value = bus_settings_value (settings, index);
        g_assert (!strpbrk (name, "=\n") && !strchr (value, '\n') && *name != '#');
        has_needed = has_needed || strcmp (name, bus_needed_setting (bus)) == 0;
    }
    g_assert (has_needed);
    bus_settings_destroy (&settings);
}

static void
s_rabbitmq (const char *path)
{
    rabbitmq_settings_t *settings = rabbitmq_settings_read (path);
    if (!settings)
        return;
    g_assert (settings->urls_count >= 1 && settings->urls_count <= RABBITMQ_URLS_MAX);
    for (size_t index = 0; index < settings->urls_count; index++)
        g_assert (*settings->urls[index].host && *settings->urls[index].vhost);
    g_assert (settings->heartbeat_s >= 1);
    rabbitmq_settings_destroy (&settings);
    g_assert (!settings);
}

static void
s_sqs (const char *path)
{
    bus_choice_t choice = {.bus = BUS_SQS, .topic = "downlink", .settings = path};
    sqs_settings_t *settings = sqs_settings_read (&choice);
    if (!settings)
        return;
    g_assert (settings->region && g_str_has_suffix (settings->endpoint, "/"));
    g_assert (g_str_has_prefix (settings->endpoint, "http"));
    g_assert (settings->visibility_s >= 2 && settings->wait_s >= 1 && settings->wait_s <= 20);
    g_assert (settings->is_fifo == g_str_has_suffix (settings->topic, ".fifo"));
    sqs_settings_destroy (&settings);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    input_t input = {data, size};
    uint8_t bus = input_byte (&input);
    const char *path = input_file (input_rest (&input));
    if (bus == 'r') {
        s_plain (BUS_RABBITMQ, path);
        s_rabbitmq (path);
    }
    else if (bus == 's') {
        s_plain (BUS_SQS, path);
        s_sqs (path);
    }
    else
        s_plain (BUS_KAFKA, path);
    return 0;
}
