//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "gateway/access/caller.h"

//  Return the text of the caller behind a socket with this peer.
static const char *
s_find (unsigned proxies, const char *trusted, const char *peer, const char *forwarded_for)
{
    static char text[CLIENT_ADDRESS_TEXT_SIZE];
    proxy_rules_t rules = {.proxies = proxies};
    client_address_t address;
    cr_assert (client_address_read (&address, text_from (peer)));
    cr_assert (networks_read (&rules.trusted, trusted));
    caller_t caller = caller_read (&rules, &address, false, forwarded_for, NULL);
    client_address_print (&caller.address, text);
    return text;
}

Test (caller, is_the_other_end_of_the_socket_without_proxies)
{
    cr_assert_str_eq (s_find (0, "9.9.9.9", "9.9.9.9", "1.1.1.1"), "9.9.9.9");
}

Test (caller, is_the_other_end_of_the_socket_if_that_is_no_trusted_proxy)
{
    cr_assert_str_eq (s_find (1, "9.9.9.0/24", "9.9.8.9", "1.1.1.1"), "9.9.8.9");
    cr_assert_str_eq (s_find (1, NULL, "9.9.9.9", "1.1.1.1"), "9.9.9.9");
}

Test (caller, is_whom_the_trusted_proxy_names)
{
    cr_assert_str_eq (s_find (1, "9.9.9.0/24", "9.9.9.9", "1.1.1.1"), "1.1.1.1");
    cr_assert_str_eq (s_find (1, NULL, "127.0.0.1", "1.1.1.1"), "1.1.1.1");
    cr_assert_str_eq (s_find (1, NULL, "::1", "fd00::1"), "fd00::1");
}

Test (caller, is_the_nth_from_the_end_behind_n_proxies_whatever_the_client_wrote_before_it)
{
    const char *list = "6.6.6.6, 1.1.1.1 ,2.2.2.2,\t3.3.3.3";
    cr_assert_str_eq (s_find (1, NULL, "127.0.0.1", list), "3.3.3.3");
    cr_assert_str_eq (s_find (2, NULL, "127.0.0.1", list), "2.2.2.2");
    cr_assert_str_eq (s_find (3, NULL, "127.0.0.1", list), "1.1.1.1");
    cr_assert_str_eq (s_find (16, NULL, "127.0.0.1", list), "6.6.6.6");
}

Test (caller, may_have_a_port)
{
    cr_assert_str_eq (s_find (1, NULL, "127.0.0.1", "1.1.1.1:4711"), "1.1.1.1");
    cr_assert_str_eq (s_find (1, NULL, "127.0.0.1", "[fd00::1]:4711"), "fd00::1");
}

Test (caller, is_the_proxy_if_that_names_no_address)
{
    const char *const lists[] = {NULL, "", ",", "unknown", "_hidden", "1.1.1.1,", "[", "[]", ":1"};
    for (size_t index = 0; index < sizeof lists / sizeof *lists; index++)
        cr_assert_str_eq (s_find (1, NULL, "127.0.0.1", lists[index]), "127.0.0.1");
}

static bool
s_is_secure (unsigned proxies, const char *peer, bool is_tls, const char *proto)
{
    proxy_rules_t rules = {.proxies = proxies};
    client_address_t address;
    cr_assert (client_address_read (&address, text_from (peer)));
    return caller_read (&rules, &address, is_tls, NULL, proto).is_secure;
}

Test (caller, is_secure_by_the_socket_or_by_the_word_of_a_trusted_proxy)
{
    cr_assert (s_is_secure (0, "8.8.8.8", true, NULL));
    cr_assert_not (s_is_secure (0, "8.8.8.8", false, "https"));
    cr_assert_not (s_is_secure (1, "8.8.8.8", false, "https"));
    cr_assert (s_is_secure (1, "127.0.0.1", false, "HTTPS"));
    cr_assert (s_is_secure (1, "127.0.0.1", false, "http, https"));
    cr_assert_not (s_is_secure (2, "127.0.0.1", false, "http, https"));
    cr_assert_not (s_is_secure (1, "127.0.0.1", true, "http"));
    cr_assert_not (s_is_secure (1, "127.0.0.1", false, "httpsx"));
    cr_assert (s_is_secure (1, "127.0.0.1", true, NULL));
}
