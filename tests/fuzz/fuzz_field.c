//  Fuzz the fields of a request's head, a line "NAME:VALUE" each, by the functions that read them:
//  the guard against smuggling, the browser rules, the caller behind proxies, and the choices of a
//  coding, a form and preferences. Two names stand for something else: @target for the request
//  target, @hosts for the flag --host. Tokens and cookies are in fuzz_token.c.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/access/browser_rules.h"
#include "gateway/access/caller.h"
#include "gateway/events/update_log.h"
#include "gateway/intake/content_type.h"
#include "gateway/intake/prefer.h"
#include "http/coding/http_accept_encoding.h"
#include "http/rules/http_guard.h"
#include "http/rules/http_request_id.h"
#include "tests/fuzz/input.h"

#define FIELDS_MAX 64

typedef struct {
    char *name;
    char *value;
} field_t;

typedef struct {
    field_t fields[FIELDS_MAX];
    size_t count;
} head_t;

static void
s_read (head_t *self, input_t *input)
{
    while (input->size > 0 && self->count < FIELDS_MAX) {
        text_t line = input_line (input);
        const char *colon = memchr (line.data, ':', line.size);
        size_t size = colon ? (size_t) (colon - line.data) : line.size;
        size_t behind = colon ? line.size - size - 1 : 0;
        self->fields[self->count++] = (field_t){input_string (text_of (line.data, size)),
            input_string (text_of (colon ? colon + 1 : "", behind))};
    }
}

static void
s_free (head_t *self)
{
    for (size_t index = 0; index < self->count; index++) {
        g_free (self->fields[index].name);
        g_free (self->fields[index].value);
    }
}

//  Return the value of the first field of a name; NULL: there is none.
static const char *
s_find (const head_t *self, const char *name)
{
    for (size_t index = 0; index < self->count; index++)
        if (g_ascii_strcasecmp (self->fields[index].name, name) == 0)
            return self->fields[index].value;
    return NULL;
}

static size_t
s_count (const head_t *self, const char *name)
{
    size_t count = 0;
    for (size_t index = 0; index < self->count; index++)
        count += g_ascii_strcasecmp (self->fields[index].name, name) == 0;
    return count;
}

static void
s_guard_field (http_guard_t *guard, const field_t *field)
{
    text_t name = text_from (field->name);
    http_guard_field (guard, http_field_of (name), name, text_from (field->value));
}

//  A head that the guard lets pass has one host, at most one length, and that is its digits.
static void
s_guard (const head_t *head)
{
    http_guard_t guard = {0};
    const char *target = s_find (head, "@target");
    http_guard_target (&guard, target ? target : "/");
    for (size_t index = 0; index < head->count; index++)
        if (*head->fields[index].name != '@')
            s_guard_field (&guard, &head->fields[index]);
    if (http_guard_verdict (&guard, true))
        return;
    size_t lengths = s_count (head, "content-length");
    size_t codings = s_count (head, "transfer-encoding");
    g_assert (s_count (head, "host") == 1 && lengths + codings <= 1);
    g_assert (guard.is_length_known == (lengths == 1));
    if (lengths == 1) {
        const char *value = s_find (head, "content-length");
        g_assert (g_ascii_isdigit (*value));
        g_assert (guard.content_length == g_ascii_strtoull (value, NULL, 10));
    }
}

//  No page of another origin changes anything, and a page that reads is held to the rule of names.
static void
s_browser (const head_t *head)
{
    browser_rules_t rules = {.is_loopback = true, .hosts = s_find (head, "@hosts")};
    browser_head_t post = {.method = "POST",
        .host = s_find (head, "host"),
        .origin = s_find (head, "origin"),
        .fetch_site = s_find (head, "sec-fetch-site")};
    browser_head_t get = post;
    get.method = "GET";
    browser_verdict_t verdict = browser_rules_judge (&rules, &post);
    g_assert (browser_rules_judge (&rules, &get) != BROWSER_CROSS_SITE);
    g_assert ((verdict == BROWSER_UNKNOWN_HOST) ==
              (browser_rules_judge (&rules, &get) == BROWSER_UNKNOWN_HOST));
    if (verdict == BROWSER_ALLOWED && post.origin) {
        const char *authority = strstr (post.origin, "://");
        g_assert (authority && post.host && g_ascii_strcasecmp (authority + 3, post.host) == 0);
    }
    rules.cors = "*";
    g_assert (browser_rules_judge (&rules, &post) != BROWSER_CROSS_SITE);
    rules = (browser_rules_t){0};
    g_assert (browser_rules_judge (&rules, &get) == BROWSER_ALLOWED);
}

//  Without trusted proxies no client can choose its address. With them, the result is an address.
static void
s_caller (const head_t *head)
{
    client_address_t peer;
    client_address_t other;
    client_address_t again;
    char text[CLIENT_ADDRESS_TEXT_SIZE];
    g_assert (client_address_read (&peer, text_from ("127.0.0.1")));
    g_assert (client_address_read (&other, text_from ("192.0.2.1")));
    const char *chain = s_find (head, "x-forwarded-for");
    const char *scheme = s_find (head, "x-forwarded-proto");
    proxy_rules_t rules = {.proxies = 0};
    caller_t caller = caller_read (&rules, &peer, false, chain, scheme);
    g_assert (memcmp (&caller.address, &peer, sizeof peer) == 0 && !caller.is_secure);
    for (rules.proxies = 1; rules.proxies < 4; rules.proxies++) {
        caller = caller_read (&rules, &other, false, chain, scheme);
        g_assert (memcmp (&caller.address, &other, sizeof other) == 0 && !caller.is_secure);
        caller = caller_read (&rules, &peer, false, chain, scheme);
        client_address_print (&caller.address, text);
        g_assert (client_address_read (&again, text_from (text)));
        g_assert (memcmp (&caller.address, &again, sizeof again) == 0);
    }
}

//  Preferences that were applied are read again as they are.
static void
s_prefer (const head_t *head)
{
    char text[PREFER_APPLIED_SIZE];
    prefer_t prefer = prefer_read (s_find (head, "prefer"));
    g_assert (prefer.wait_s <= PREFER_WAIT_MAX_S);
    if (!prefer_write_applied (&prefer, text))
        return;
    prefer_t again = prefer_read (text);
    g_assert (again.is_lenient == prefer.is_lenient && again.has_wait == prefer.has_wait);
    g_assert (!prefer.has_wait || again.wait_s == prefer.wait_s);
}

//  An id holds nothing that could break out of a line of a log or a field.
static void
s_request_id (const head_t *head)
{
    for (size_t index = 0; index < head->count; index++) {
        text_t id;
        text_t value = text_from (head->fields[index].value);
        if (request_id_read (http_field_of (text_from (head->fields[index].name)), value, &id) ==
            REQUEST_ID_NONE)
            continue;
        g_assert (id.size > 0 && id.size <= REQUEST_ID_MAX_BYTES);
        for (size_t place = 0; place < id.size; place++)
            g_assert (g_ascii_isgraph (id.data[place]) && !strchr ("\"'\\<>;,", id.data[place]));
    }
}

static void
s_choices (const head_t *head)
{
    message_json_form_t form;
    http_coding_t coding = http_accept_encoding_choose (s_find (head, "accept-encoding"));
    g_assert (coding < CODING_UNKNOWN);
    g_assert (http_coding_read (http_coding_name (coding)) == coding);
    (void) http_coding_read (s_find (head, "content-encoding"));
    bool is_taken = content_type_read (s_find (head, "content-type"), &form);
    g_assert (is_taken || s_find (head, "content-type"));
    g_assert (form <= MESSAGE_JSON_EVENTS);
}

//  The id of the last event leads to a position, and the position has that id.
static void
s_last_event (const head_t *head)
{
    static update_log_t *log;
    if (!log)
        log = update_log_new (1);
    char id[UPDATE_LOG_ID_SIZE];
    const char *given = s_find (head, "last-event-id");
    uint64_t position = 0;
    uint64_t again = 0;
    bool is_read = given && update_log_read_id (log, given, &position);
    update_log_write_id (log, position, id);
    g_assert (update_log_read_id (log, id, &again) && again == position);
    g_assert (!is_read || g_ascii_strncasecmp (given, id, strcspn (id, "-")) == 0);
    g_assert (!is_read || position == 0 || !update_log_reaches (log, position));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    input_t input = {data, size};
    head_t head = {.count = 0};
    s_read (&head, &input);
    s_guard (&head);
    s_browser (&head);
    s_caller (&head);
    s_prefer (&head);
    s_request_id (&head);
    s_choices (&head);
    s_last_event (&head);
    s_free (&head);
    return 0;
}
