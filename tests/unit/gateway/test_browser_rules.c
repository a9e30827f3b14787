//  Which requests of browsers are allowed, as a table: hosts on loopback and elsewhere, origins,
//  and Sec-Fetch-Site, for methods that change something and methods that do not.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "gateway/access/browser_rules.h"

static const browser_rules_t s_loopback = {.is_loopback = true};
static const browser_rules_t s_named = {.is_loopback = true, .hosts = "one.example, Two.example"};
static const browser_rules_t s_public = {.is_loopback = false};
static const browser_rules_t s_public_named = {.hosts = "one.example"};
static const browser_rules_t s_one_origin = {
    .is_loopback = true, .cors = "https://control.example"};
static const browser_rules_t s_any_origin = {.is_loopback = true, .cors = "*"};

static void
s_expect (const browser_rules_t *rules, browser_head_t head, browser_verdict_t verdict)
{
    cr_expect_eq (browser_rules_judge (rules, &head), verdict, "%s host=%s origin=%s site=%s",
        head.method, head.host, head.origin, head.fetch_site);
}

Test (browser_rules, only_names_of_this_machine_are_hosts_on_loopback)
{
    static const char *const known[] = {"localhost", "localhost:8088", "LOCALHOST", "localhost.",
        "a.localhost:8088", "127.0.0.1", "127.9.8.7:1", "[::1]", "[::1]:8088", "", NULL};
    static const char *const unknown[] = {"evil.example", "evil.example:8088",
        "localhost.evil.example", "evillocalhost", ".evil", "10.0.0.1", "128.0.0.1", "[::2]:8088",
        "127.0.0.1.evil.example", "127.1", "one.example", "[", "0.0.0.0", ":8088x", "::1"};
    for (size_t index = 0; known[index]; index++)
        s_expect (&s_loopback, (browser_head_t){"GET", known[index], NULL, NULL}, BROWSER_ALLOWED);
    s_expect (&s_loopback, (browser_head_t){"GET", NULL, NULL, NULL}, BROWSER_ALLOWED);
    for (size_t index = 0; index < sizeof unknown / sizeof *unknown; index++) {
        s_expect (
            &s_loopback, (browser_head_t){"GET", unknown[index], NULL, NULL}, BROWSER_UNKNOWN_HOST);
        s_expect (&s_loopback, (browser_head_t){"POST", unknown[index], NULL, NULL},
            BROWSER_UNKNOWN_HOST);
    }
}

Test (browser_rules, further_names_are_hosts_if_the_flag_names_them)
{
    s_expect (&s_named, (browser_head_t){"GET", "one.example", NULL, NULL}, BROWSER_ALLOWED);
    s_expect (&s_named, (browser_head_t){"GET", "two.example:80", NULL, NULL}, BROWSER_ALLOWED);
    s_expect (&s_named, (browser_head_t){"GET", "localhost", NULL, NULL}, BROWSER_ALLOWED);
    s_expect (&s_named, (browser_head_t){"GET", "three.example", NULL, NULL}, BROWSER_UNKNOWN_HOST);
    s_expect (&s_named, (browser_head_t){"GET", "a.one.example", NULL, NULL}, BROWSER_UNKNOWN_HOST);
}

Test (browser_rules, any_name_is_a_host_elsewhere_unless_the_flag_is_given)
{
    s_expect (&s_public, (browser_head_t){"GET", "any.example", NULL, NULL}, BROWSER_ALLOWED);
    s_expect (&s_public_named, (browser_head_t){"GET", "one.example", NULL, NULL}, BROWSER_ALLOWED);
    s_expect (
        &s_public_named, (browser_head_t){"GET", "any.example", NULL, NULL}, BROWSER_UNKNOWN_HOST);
}

Test (browser_rules, a_page_of_another_origin_changes_nothing)
{
    static const char *const foreign[] = {"http://evil.example", "https://evil.example:8088",
        "null", "", "http://localhost:3000", "http://localhost", "localhost:8088", "file://", "://",
        "http://localhost:8088.evil.example", "http://x@localhost:8088"};
    for (size_t index = 0; index < sizeof foreign / sizeof *foreign; index++) {
        s_expect (&s_loopback,
            (browser_head_t){"POST", "localhost:8088", foreign[index], "same-origin"},
            BROWSER_CROSS_SITE);
        s_expect (&s_loopback, (browser_head_t){"DELETE", "localhost:8088", foreign[index], NULL},
            BROWSER_CROSS_SITE);
        s_expect (&s_loopback,
            (browser_head_t){"GET", "localhost:8088", foreign[index], "cross-site"},
            BROWSER_ALLOWED);
        s_expect (&s_any_origin, (browser_head_t){"POST", "localhost:8088", foreign[index], NULL},
            BROWSER_ALLOWED);
        s_expect (&s_one_origin, (browser_head_t){"POST", "localhost:8088", foreign[index], NULL},
            BROWSER_CROSS_SITE);
    }
    s_expect (&s_loopback, (browser_head_t){"POST", "localhost:8088", NULL, "cross-site"},
        BROWSER_CROSS_SITE);
    s_expect (&s_public, (browser_head_t){"POST", "rockets.example", "http://evil.example", NULL},
        BROWSER_CROSS_SITE);
}

Test (browser_rules, a_page_of_this_gateway_and_clients_without_a_browser_may_post)
{
    s_expect (&s_loopback,
        (browser_head_t){"POST", "localhost:8088", "http://localhost:8088", "same-origin"},
        BROWSER_ALLOWED);
    s_expect (&s_public,
        (browser_head_t){"POST", "rockets.example", "https://rockets.example", NULL},
        BROWSER_ALLOWED);
    s_expect (&s_one_origin,
        (browser_head_t){"POST", "localhost:8088", "https://control.example", "cross-site"},
        BROWSER_ALLOWED);
    s_expect (&s_any_origin, (browser_head_t){"POST", "localhost:8088", NULL, "cross-site"},
        BROWSER_ALLOWED);
    s_expect (&s_loopback, (browser_head_t){"POST", "localhost:8088", NULL, NULL}, BROWSER_ALLOWED);
    s_expect (
        &s_loopback, (browser_head_t){"POST", "localhost:8088", NULL, "none"}, BROWSER_ALLOWED);
    s_expect (&s_loopback,
        (browser_head_t){"OPTIONS", "localhost:8088", "http://evil.example", "cross-site"},
        BROWSER_ALLOWED);
}
