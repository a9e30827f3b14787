//  The file of --kafka-config, and what becomes of its settings.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>
#include <glib/gstdio.h>

#include "common/kafka/kafka_client.h"

static bus_settings_t *
s_read (const char *text)
{
    char *path = NULL;
    int file = g_file_open_tmp (NULL, &path, NULL);
    cr_assert_geq (file, 0);
    cr_assert (g_close (file, NULL));
    cr_assert (g_file_set_contents (path, text, -1, NULL));
    bus_settings_t *config = bus_settings_read (BUS_KAFKA, path);
    g_unlink (path);
    g_free (path);
    return config;
}

Test (kafka_settings, reads_settings_in_order)
{
    bus_settings_t *config = s_read ("# a cluster\n\n  bootstrap.servers = one:9092,two:9092  \r\n"
                                     "sasl.password=a=b # c");
    cr_assert_not_null (config);
    cr_assert_eq (bus_settings_count (config), 2);
    cr_assert_str_eq (bus_settings_name (config, 0), "bootstrap.servers");
    cr_assert_str_eq (bus_settings_value (config, 0), "one:9092,two:9092");
    cr_assert_str_eq (bus_settings_value (config, 1), "a=b # c");
    bus_settings_destroy (&config);
}

Test (kafka_settings, refuses_other_lines)
{
    cr_assert_null (s_read ("bootstrap.servers=one\nlinger.ms"));
    cr_assert_null (s_read ("bootstrap.servers=one\n=5"));
    cr_assert_null (s_read ("linger.ms=5\n"), "no brokers");
    cr_assert_null (s_read (""));
    cr_assert_null (bus_settings_read (BUS_KAFKA, "/there/is/no/such/file"));
}

//  Return true if a consumer's configuration can be made of a file with one more line.
static bool
s_is_taken (const char *line)
{
    static const kafka_setting_t defaults[] = {{"linger.ms", "0"}, {0}};
    static const kafka_setting_t fixed[] = {{"enable.auto.commit", "false"}, {0}};
    char *text = g_strconcat ("bootstrap.servers=one\n", line, NULL);
    bus_settings_t *config = s_read (text);
    rd_kafka_conf_t *settings = kafka_client_settings (config, defaults, fixed);
    if (settings)
        rd_kafka_conf_destroy (settings);
    bus_settings_destroy (&config);
    g_free (text);
    return settings != NULL;
}

Test (kafka_settings, refuses_what_is_no_file_or_too_large)
{
    cr_assert_null (bus_settings_read (BUS_KAFKA, "/dev/zero"));
    cr_assert_null (bus_settings_read (BUS_KAFKA, "/no/such/file"));
    char *comment = g_strnfill (2 * 1024 * 1024, '#');
    char *text = g_strconcat ("bootstrap.servers=one\n", comment, NULL);
    cr_assert_null (s_read (text));
    g_free (text);
    g_free (comment);
}

Test (kafka_settings, takes_what_librdkafka_takes)
{
    cr_assert (s_is_taken ("linger.ms=7"), "a default may be changed");
    cr_assert (s_is_taken ("security.protocol=SASL_SSL"));
    cr_assert_not (s_is_taken ("enable.auto.commit=true"), "what is fixed may not");
    cr_assert_not (s_is_taken ("linger.ms=soon"));
    cr_assert_not (s_is_taken ("no.such.setting=1"));
}
