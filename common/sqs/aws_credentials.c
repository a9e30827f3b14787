//  SPDX-License-Identifier: Apache-2.0
#include "common/sqs/aws_credentials.h"

#include <glib.h>
#include <string.h>

#include "common/process/clock.h"
#include "common/process/log.h"

#define CONTAINER_URL "http://169.254.170.2"
#define MACHINE_URL "http://169.254.169.254"
#define ROLE_PATH "/latest/meta-data/iam/security-credentials/"
#define TOKEN_PATH "/latest/api/token"
#define ASK_MS 2000
#define AGAIN_MS 1000                              //  after a failure
#define LOOK_MS 30000                              //  between two looks at the file
#define EARLY_US ((int64_t) 5 * 60 * 1000 * 1000)  //  so long before its end a key is renewed
#define FAULT_LOG_MS 10000
#define FAULT_SIZE 320

struct aws_credentials {
    char *profile;  //  NULL: the usual one
    web_t *web;
    aws_key_t key;
    bool is_asking;  //  a request is in progress
    char *token;     //  of the metadata service
    int64_t look_at_ms;
    int64_t fault_logged_ms;
    char fault[FAULT_SIZE];
};

aws_credentials_t *
aws_credentials_new (const char *profile, web_t *web)
{
    aws_credentials_t *self = g_new0 (aws_credentials_t, 1);
    self->profile = g_strdup (profile);
    self->web = web;
    aws_credentials_run (self);
    return self;
}

void
aws_credentials_destroy (aws_credentials_t **self_p)
{
    aws_credentials_t *self = *self_p;
    if (!self)
        return;
    aws_key_clear (&self->key);
    g_free (self->token);
    g_free (self->profile);
    g_free (self);
    *self_p = NULL;
}

static bool
s_has_expired (const aws_credentials_t *self)
{
    return self->key.expires_us <= clock_wall_us ();
}

const aws_key_t *
aws_credentials_key (const aws_credentials_t *self)
{
    return self->key.id && !s_has_expired (self) ? &self->key : NULL;
}

static void
s_look_again (aws_credentials_t *self, int64_t ms)
{
    self->look_at_ms = clock_ms () + ms;
    web_wake_at (self->web, self->look_at_ms);
}

static void
s_fail (aws_credentials_t *self, const char *place, const char *reason)
{
    g_snprintf (self->fault, sizeof self->fault,
        "there is no key of AWS: not in the environment, nor in the credentials file, nor from %s "
        "(%s)",
        place, reason);
    self->is_asking = false;
    s_look_again (self, AGAIN_MS);
    if (!aws_credentials_key (self) && log_is_due (&self->fault_logged_ms, FAULT_LOG_MS))
        log_event (LOG_WARN, "there is no key of AWS", "asked=%s reason=%s advice=%s", place,
            reason,
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, write ~/.aws/credentials, or give "
            "the "
            "machine or container a role");
}

//  Take a key. It is renewed before it ends, one of a file when the file may have changed.
static void
s_take (aws_credentials_t *self, aws_key_t *key, const char *place)
{
    bool is_new = !self->key.id || !g_str_equal (self->key.id, key->id);
    aws_key_clear (&self->key);
    self->key = *key;
    self->fault[0] = 0;
    self->is_asking = false;
    int64_t left_us = key->expires_us - clock_wall_us () - EARLY_US;
    s_look_again (self,
        key->expires_us == INT64_MAX ? LOOK_MS : CLAMP (left_us / 1000, AGAIN_MS, LOOK_MS * 10));
    if (is_new)
        log_event (LOG_INFO, "requests are signed with a key of AWS", "from=%s", place);
}

//  Take the answer of a role.
static void
s_take_role (aws_credentials_t *self, const web_answer_t *answer, const char *place)
{
    aws_key_t key;
    if (answer->status == 200 && aws_key_from_role (&key, answer->body))
        s_take (self, &key, place);
    else
        s_fail (
            self, place, answer->fault ? answer->fault : "it does not tell one; is there a role?");
}

static void
s_take_container (void *context, const web_answer_t *answer)
{
    s_take_role (context, answer, "the role of the container");
}

static void
s_take_machine (void *context, const web_answer_t *answer)
{
    s_take_role (context, answer, "the role of the machine");
}

static char *
s_machine_url (const char *path, const char *rest)
{
    const char *base = g_getenv ("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    base = base && *base ? base : MACHINE_URL;
    size_t size = strlen (base);
    return g_strdup_printf (
        "%.*s%s%s", (int) (base[size - 1] == '/' ? size - 1 : size), base, path, rest);
}

//  Send a request to a service of this machine or container. header: a line, or NULL.
static void
s_ask (aws_credentials_t *self, const char *method, const char *url, const char *header,
    web_answer_fn *answered)
{
    const char *headers[] = {header, NULL};
    web_send (self->web,
        &(web_request_t){.method = method,
            .url = url,
            .headers = headers,
            .timeout_ms = ASK_MS,
            .is_local = true},
        answered, self);
}

//  Ask the metadata service about roles. name: of one; empty: for the name.
static void
s_ask_role (aws_credentials_t *self, const char *name, web_answer_fn *answered)
{
    char *url = s_machine_url (ROLE_PATH, name);
    char *header = g_strdup_printf ("X-aws-ec2-metadata-token: %s", self->token);
    s_ask (self, "GET", url, header, answered);
    g_free (header);
    g_free (url);
}

//  Take the name of the role.
static void
s_take_role_name (void *context, const web_answer_t *answer)
{
    aws_credentials_t *self = context;
    char *name = g_strndup (answer->body.data, answer->body.size);
    name[strcspn (name, "\r\n")] = 0;
    if (answer->status == 200 && *name && !strpbrk (name, " /?#"))
        s_ask_role (self, name, s_take_machine);
    else
        s_fail (self, "the role of the machine",
            answer->fault ? answer->fault : "the machine has no role");
    g_free (name);
}

//  Take the token of a session with the metadata service.
static void
s_take_token (void *context, const web_answer_t *answer)
{
    aws_credentials_t *self = context;
    g_free (self->token);
    self->token = g_strndup (answer->body.data, answer->body.size);
    g_strstrip (self->token);
    if (answer->status == 200 && *self->token && !strpbrk (self->token, "\r\n"))
        s_ask_role (self, "", s_take_role_name);
    else
        s_fail (self, "the role of the machine",
            answer->fault ? answer->fault : "its metadata service gives no token");
}

static void
s_begin_machine (aws_credentials_t *self)
{
    const char *is_off = g_getenv ("AWS_EC2_METADATA_DISABLED");
    if (is_off && g_ascii_strcasecmp (is_off, "true") == 0) {
        s_fail (self, "the role of the machine", "AWS_EC2_METADATA_DISABLED is set");
        return;
    }
    char *url = s_machine_url (TOKEN_PATH, "");
    s_ask (self, "PUT", url, "X-aws-ec2-metadata-token-ttl-seconds: 300", s_take_token);
    g_free (url);
}

//  Return the line of authorization for a container's role, or NULL.
static char *
s_container_line (void)
{
    const char *token = g_getenv ("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    const char *path = g_getenv ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    char *text = NULL;
    if (path && *path && !g_file_get_contents (path, &text, NULL, NULL))
        return NULL;
    if (!text && token && *token)
        text = g_strdup (token);
    if (!text)
        return NULL;
    g_strstrip (text);
    char *line = strpbrk (text, "\r\n") ? NULL : g_strconcat ("Authorization: ", text, NULL);
    g_free (text);
    return line;
}

//  Ask for the key of a container's role. Return false if the container has none.
static bool
s_begin_container (aws_credentials_t *self)
{
    const char *path = g_getenv ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *whole = g_getenv ("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (!(path && *path) && !(whole && *whole))
        return false;
    char *url = path && *path ? g_strconcat (CONTAINER_URL, path, NULL) : g_strdup (whole);
    char *line = s_container_line ();
    s_ask (self, "GET", url, line, s_take_container);
    g_free (line);
    g_free (url);
    return true;
}

void
aws_credentials_run (aws_credentials_t *self)
{
    if (self->is_asking || clock_ms () < self->look_at_ms) {
        if (!self->is_asking)
            web_wake_at (self->web, self->look_at_ms);
        return;
    }
    aws_key_t key;
    if (!self->profile && aws_key_from_environment (&key))
        s_take (self, &key, "the environment");
    else if (aws_key_from_file (&key, NULL, self->profile))
        s_take (self, &key, "the credentials file");
    else if (self->profile)
        s_fail (self, "the profile that is set", "the credentials file does not have it");
    else {
        self->is_asking = true;
        if (!s_begin_container (self))
            s_begin_machine (self);
    }
}

void
aws_credentials_distrust (aws_credentials_t *self)
{
    self->look_at_ms = MIN (self->look_at_ms, clock_ms () + AGAIN_MS);
    web_wake_at (self->web, self->look_at_ms);
}

const char *
aws_credentials_fault (const aws_credentials_t *self)
{
    return self->fault[0] && !aws_credentials_key (self) ? self->fault : NULL;
}
