//  SPDX-License-Identifier: Apache-2.0
#include "common/sqs/aws_key.h"

#include <glib.h>
#include <string.h>

#include "common/sqs/sqs_json.h"
#include "common/text/timestamp.h"

static void
s_wipe (char **text_p)
{
    if (*text_p)
        explicit_bzero (*text_p, strlen (*text_p));
    g_clear_pointer (text_p, g_free);
}

void
aws_key_clear (aws_key_t *self)
{
    s_wipe (&self->id);
    s_wipe (&self->secret);
    s_wipe (&self->token);
}

//  Return a copy of a text, or NULL if it is missing or empty.
static char *
s_copy (const char *text)
{
    return text && *text ? g_strdup (text) : NULL;
}

//  Return true if there is a key; else clear what there is.
static bool
s_is_whole (aws_key_t *self)
{
    if (self->id && self->secret)
        return true;
    aws_key_clear (self);
    return false;
}

bool
aws_key_from_environment (aws_key_t *self)
{
    *self = (aws_key_t){s_copy (g_getenv ("AWS_ACCESS_KEY_ID")),
        s_copy (g_getenv ("AWS_SECRET_ACCESS_KEY")), s_copy (g_getenv ("AWS_SESSION_TOKEN")),
        INT64_MAX};
    return s_is_whole (self);
}

static char *
s_default_path (void)
{
    const char *path = g_getenv ("AWS_SHARED_CREDENTIALS_FILE");
    return path && *path ? g_strdup (path)
                         : g_build_filename (g_get_home_dir (), ".aws", "credentials", NULL);
}

bool
aws_key_from_file (aws_key_t *self, const char *path, const char *profile)
{
    const char *chosen = g_getenv ("AWS_PROFILE");
    if (!profile)
        profile = chosen && *chosen ? chosen : "default";
    char *file = path ? g_strdup (path) : s_default_path ();
    GKeyFile *keys = g_key_file_new ();
    *self = (aws_key_t){.expires_us = INT64_MAX};
    if (g_key_file_load_from_file (keys, file, G_KEY_FILE_NONE, NULL)) {
        self->id = g_key_file_get_value (keys, profile, "aws_access_key_id", NULL);
        self->secret = g_key_file_get_value (keys, profile, "aws_secret_access_key", NULL);
        self->token = g_key_file_get_value (keys, profile, "aws_session_token", NULL);
    }
    g_key_file_unref (keys);
    g_free (file);
    return s_is_whole (self);
}

bool
aws_key_from_role (aws_key_t *self, text_t json)
{
    *self = (aws_key_t){.expires_us = INT64_MAX};
    sqs_json_t *root = sqs_json_read (json);
    if (!root)
        return false;
    const char *expires = sqs_json_string (root, "Expiration");
    self->id = s_copy (sqs_json_string (root, "AccessKeyId"));
    self->secret = s_copy (sqs_json_string (root, "SecretAccessKey"));
    self->token = s_copy (sqs_json_string (root, "Token"));
    if (expires && !timestamp_parse (text_from (expires), &self->expires_us))
        self->expires_us = INT64_MAX;
    sqs_json_free (&root);
    return s_is_whole (self);
}
