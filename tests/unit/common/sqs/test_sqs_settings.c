//  The file of --sqs-config, the names of queues, and keys of AWS.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>
#include <glib/gstdio.h>

#include "common/process/clock.h"
#include "common/sqs/aws_key.h"
#include "common/sqs/sqs_settings.h"

//  Write a text into a file; the caller removes and frees it.
static char *
s_write (const char *text)
{
    char *path = NULL;
    int file = g_file_open_tmp (NULL, &path, NULL);
    cr_assert_geq (file, 0);
    cr_assert (g_close (file, NULL));
    cr_assert (g_file_set_contents (path, text, -1, NULL));
    return path;
}

static void
s_remove (char *path)
{
    g_unlink (path);
    g_free (path);
}

static sqs_settings_t *
s_read (const char *text, const char *topic, const char *dead_letter)
{
    char *path = s_write (text);
    bus_choice_t choice = {BUS_SQS, path, topic, dead_letter};
    sqs_settings_t *settings = sqs_settings_read (&choice);
    s_remove (path);
    return settings;
}

Test (sqs_settings, the_endpoint_follows_from_the_region)
{
    sqs_settings_t *settings = s_read ("region=eu-west-1\n", "rockets", NULL);
    cr_assert_not_null (settings);
    cr_expect_str_eq (settings->endpoint, "https://sqs.eu-west-1.amazonaws.com/");
    cr_expect_str_eq (settings->topic, "rockets");
    cr_expect_eq (settings->visibility_s, 10);
    cr_expect_eq (settings->wait_s, 20);
    char *name = sqs_settings_queue (settings, 15);
    cr_expect_str_eq (name, "rockets-15");
    g_free (name);
    sqs_settings_destroy (&settings);
    settings = s_read ("region=cn-north-1\n", "rockets", NULL);
    cr_expect_str_eq (settings->endpoint, "https://sqs.cn-north-1.amazonaws.com.cn/");
    sqs_settings_destroy (&settings);
}

Test (sqs_settings, fifo_queues_have_another_name_and_topic)
{
    sqs_settings_t *settings =
        s_read ("region=r\nendpoint=http://localhost:9324\nfifo=yes\nvisibility_seconds=2\n"
                "wait_seconds=1\nprofile=p",
            "rockets", "dead");
    cr_assert_not_null (settings);
    cr_expect_str_eq (settings->endpoint, "http://localhost:9324/");
    cr_expect_str_eq (settings->topic, "rockets.fifo");
    cr_expect_str_eq (settings->profile, "p");
    char *name = sqs_settings_queue (settings, 0);
    cr_expect_str_eq (name, "rockets-0.fifo");
    g_free (name);
    sqs_settings_destroy (&settings);
}

Test (sqs_settings, refuses_what_cannot_be)
{
    static const char *const bad[] = {"", "region=", "region=EU WEST",
        "region=r\nendpoint=localhost", "region=r\nendpoint=ftp://x", "region=r\nendpoint=https://",
        "region=r\nfifo=1", "region=r\nwait_seconds=0", "region=r\nwait_seconds=21",
        "region=r\nvisibility_seconds=1", "region=r\nvisibility_seconds=10x",
        "region=r\nprofile=", "region=r\nkey=x"};
    for (size_t index = 0; index < G_N_ELEMENTS (bad); index++)
        cr_expect_null (s_read (bad[index], "rockets", NULL), "%s", bad[index]);
    cr_expect_null (s_read ("region=r", "a.b", NULL));
    cr_expect_null (s_read ("region=r", "a", "b.fifo"));
    char *name = g_strnfill (71, 'a');
    cr_expect_null (s_read ("region=r", name, NULL));
    g_free (name);
}

Test (aws_key, a_profile_of_the_file)
{
    char *path = s_write ("# mine\n[default]\naws_access_key_id = A\naws_secret_access_key=s/+=\n"
                          "[other]\naws_access_key_id=B\naws_secret_access_key=t\n"
                          "aws_session_token=k\n[half]\naws_access_key_id=C\n");
    aws_key_t key;
    g_unsetenv ("AWS_PROFILE");
    cr_assert (aws_key_from_file (&key, path, NULL));
    cr_expect_str_eq (key.id, "A");
    cr_expect_str_eq (key.secret, "s/+=");
    cr_expect_null (key.token);
    aws_key_clear (&key);
    g_setenv ("AWS_PROFILE", "other", TRUE);
    cr_assert (aws_key_from_file (&key, path, NULL));
    cr_expect_str_eq (key.id, "B");
    cr_expect_str_eq (key.token, "k");
    aws_key_clear (&key);
    cr_expect_not (aws_key_from_file (&key, path, "half"));
    cr_expect_not (aws_key_from_file (&key, path, "none"));
    cr_expect_not (aws_key_from_file (&key, "/there/is/no/such/file", NULL));
    s_remove (path);
}

Test (aws_key, the_answer_of_a_role)
{
    aws_key_t key;
    cr_assert (aws_key_from_role (
        &key, text_from ("{\"Code\":\"Success\",\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\","
                         "\"Token\":\"t\",\"Expiration\":\"2022-02-02T18:39:05Z\"}")));
    cr_expect_eq (key.expires_us, 1643827145000000);
    aws_key_clear (&key);
    cr_expect_not (aws_key_from_role (&key, text_from ("{\"AccessKeyId\":\"A\"}")));
    cr_expect_not (aws_key_from_role (&key, text_from ("not JSON")));
}
