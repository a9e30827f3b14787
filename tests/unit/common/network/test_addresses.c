//  Lists of host:port, that no address is asked twice, and endpoints.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <string.h>

#include "common/network/addresses.h"

static GArray *
s_resolve (const char *list, bool only_one_family)
{
    GArray *names = addresses_parse (list);
    GArray *addresses = g_array_new (FALSE, TRUE, sizeof (address_t));
    cr_assert (names);
    for (guint index = 0; index < names->len; index++)
        cr_assert_null (addresses_resolve (
            &g_array_index (names, address_name_t, index), only_one_family, addresses));
    g_array_unref (names);
    return addresses;
}

Test (addresses, an_address_that_is_there_already_is_not_added_again)
{
    GArray *addresses = s_resolve ("127.0.0.1:5561,127.0.0.1:5561,127.0.0.1:5564", true);
    cr_assert_eq (addresses->len, 2);
    cr_assert_eq (g_array_index (addresses, address_t, 0).port, 5561);
    cr_assert_eq (g_array_index (addresses, address_t, 1).port, 5564);
    g_array_unref (addresses);
}

Test (addresses, localhost_is_one_address_of_a_family_whatever_the_hosts_file_says)
{
    GArray *addresses = s_resolve ("localhost:5561,127.0.0.1:5561", true);
    cr_assert_eq (addresses->len, 1);
    cr_assert_str_eq (g_array_index (addresses, address_t, 0).host, "127.0.0.1");
    g_array_unref (addresses);
}

Test (addresses, a_part_that_is_left_out_is_that_of_a_processor_here)
{
    GArray *addresses = s_resolve ("127.0.0.1,:5564,[::1]", true);
    cr_assert_eq (addresses->len, 3);
    cr_assert_eq (g_array_index (addresses, address_t, 0).port, 5561);
    cr_assert_str_eq (g_array_index (addresses, address_t, 1).host, "127.0.0.1");
    cr_assert_eq (g_array_index (addresses, address_t, 1).port, 5564);
    cr_assert_str_eq (g_array_index (addresses, address_t, 2).host, "[::1]");
    g_array_unref (addresses);
}

Test (addresses, an_ipv6_address_is_in_brackets)
{
    GArray *addresses = s_resolve ("[::1]:5561", false);
    cr_assert_eq (addresses->len, 1);
    cr_assert_str_eq (g_array_index (addresses, address_t, 0).host, "[::1]");
    g_array_unref (addresses);
}

Test (addresses, what_is_no_list_is_refused)
{
    static const char *const lists[] = {
        "", "5561", "host:", "host:0", "host:65534", "a:1,", "::1:5561", "host:x"};
    for (size_t index = 0; index < G_N_ELEMENTS (lists); index++)
        cr_assert_null (addresses_parse (lists[index]), "%s", lists[index]);
}

Test (addresses, an_endpoint_has_the_port_of_its_socket)
{
    static const struct {
        const char *host;
        address_port_t port;
        const char *endpoint;
    } cases[] = {{"127.0.0.1", PORT_FRAMES, "tcp://127.0.0.1:5561"},
        {"127.0.0.1", PORT_QUERIES, "tcp://127.0.0.1:5562"},
        {"::1", PORT_EVENTS, "tcp://[::1]:5563"}, {"[::1]", PORT_FRAMES, "tcp://[::1]:5561"}};
    for (size_t index = 0; index < G_N_ELEMENTS (cases); index++) {
        address_t address = address_of (cases[index].host, 5561);
        char endpoint[ADDRESS_ENDPOINT_SIZE];
        address_endpoint (&address, cases[index].port, endpoint);
        cr_expect_str_eq (endpoint, cases[index].endpoint);
    }
}

Test (addresses, the_longest_address_fits_its_texts)
{
    char host[100];
    memset (host, '1', sizeof host);
    host[sizeof host - 1] = '\0';
    address_t address = address_of (host, ADDRESS_PORT_MAX);
    char endpoint[ADDRESS_ENDPOINT_SIZE];
    char text[ADDRESS_TEXT_SIZE];
    address_print (&address, text);
    address_endpoint (&address, PORT_EVENTS, endpoint);
    cr_expect (g_str_has_suffix (text, ":65533"));
    cr_expect (g_str_has_suffix (endpoint, ":65535"));
}
