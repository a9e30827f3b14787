//  The file of --rabbitmq-config.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>
#include <glib/gstdio.h>

#include "common/rabbitmq/rabbitmq_settings.h"

static rabbitmq_settings_t *
s_read (const char *text)
{
    char *path = NULL;
    int file = g_file_open_tmp (NULL, &path, NULL);
    cr_assert_geq (file, 0);
    cr_assert (g_close (file, NULL));
    cr_assert (g_file_set_contents (path, text, -1, NULL));
    rabbitmq_settings_t *settings = rabbitmq_settings_read (path);
    g_unlink (path);
    g_free (path);
    return settings;
}

Test (rabbitmq_settings, a_url_is_enough)
{
    rabbitmq_settings_t *settings = s_read ("url=amqp://rabbit");
    cr_assert_not_null (settings);
    cr_assert_eq (settings->urls_count, 1);
    const rabbitmq_url_t *url = &settings->urls[0];
    cr_expect_str_eq (url->host, "rabbit");
    cr_expect_eq (url->port, 5672);
    cr_expect_not (url->has_tls);
    cr_expect_str_eq (url->vhost, "/");
    cr_expect_str_eq (url->user, "guest");
    cr_expect_str_eq (url->password, "guest");
    cr_expect_eq (settings->heartbeat_s, 5);
    cr_expect (settings->is_verifying);
    rabbitmq_settings_destroy (&settings);
}

Test (rabbitmq_settings, a_url_may_hold_everything)
{
    rabbitmq_settings_t *settings = s_read ("url = amqps://me:a%40b@one:7/dev\nurl=amqp://two/");
    cr_assert_not_null (settings);
    cr_assert_eq (settings->urls_count, 2);
    const rabbitmq_url_t *url = &settings->urls[0];
    cr_expect_str_eq (url->host, "one");
    cr_expect_eq (url->port, 7);
    cr_expect (url->has_tls);
    cr_expect_str_eq (url->vhost, "dev");
    cr_expect_str_eq (url->user, "me");
    cr_expect_str_eq (url->password, "a@b");
    cr_expect_str_eq (settings->urls[1].vhost, "/");
    rabbitmq_settings_destroy (&settings);
}

Test (rabbitmq_settings, a_setting_wins_over_the_url)
{
    rabbitmq_settings_t *settings = s_read (
        "url=amqps://me:x@one/dev\nuser=you\npassword=y=z\nvhost=v\nheartbeat=9\ntls.verify=no\n"
        "tls.ca=/dev/null/..\n");
    cr_expect_null (settings, "tls.ca is no file");
    settings = s_read (
        "url=amqps://me:x@one/dev\nuser=you\npassword=y=z\nvhost=v\nheartbeat=9\ntls.verify=no\n");
    cr_assert_not_null (settings);
    const rabbitmq_url_t *url = &settings->urls[0];
    cr_expect_str_eq (url->user, "you");
    cr_expect_str_eq (url->password, "y=z");
    cr_expect_str_eq (url->vhost, "v");
    cr_expect_eq (settings->heartbeat_s, 9);
    cr_expect_not (settings->is_verifying);
    rabbitmq_settings_destroy (&settings);
}

Test (rabbitmq_settings, other_lines_are_refused)
{
    static const char *const bad[] = {"", "user=me", "url=", "url=http://one",
        "url=amqp://one:port", "url=amqp://one\nheartbeat=0", "url=amqp://one\nheartbeat=601",
        "url=amqp://one\nheartbeat=5s", "url=amqp://one\ntls.verify=maybe",
        "url=amqp://one\nno.such=1", "url=amqp://one\ntls.cert=/etc/passwd"};
    for (size_t index = 0; index < G_N_ELEMENTS (bad); index++)
        cr_expect_null (s_read (bad[index]), "%s", bad[index]);
    GString *many = g_string_new (NULL);
    for (int count = 0; count < RABBITMQ_URLS_MAX; count++)
        g_string_append (many, "url=amqp://one\n");
    rabbitmq_settings_t *settings = s_read (many->str);
    cr_assert_not_null (settings);
    rabbitmq_settings_destroy (&settings);
    cr_expect_null (s_read (g_string_append (many, "url=amqp://one\n")->str));
    g_string_free (many, TRUE);
}
