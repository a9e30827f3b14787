//  Addresses of clients, and lists of networks.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>

#include "common/network/networks.h"

static client_address_t
s_address (const char *text)
{
    client_address_t self;
    cr_assert (client_address_read (&self, text_from (text)), "%s", text);
    return self;
}

Test (client_address, is_read_and_written_in_the_usual_forms)
{
    static const char *const forms[][2] = {
        {"192.0.2.7", "192.0.2.7"},
        {"192.0.2.7:1234", "192.0.2.7"},
        {"::ffff:192.0.2.7", "192.0.2.7"},
        {"2001:DB8:0::1", "2001:db8::1"},
        {"[2001:db8::1]", "2001:db8::1"},
        {"[2001:db8::1]:443", "2001:db8::1"},
    };
    for (size_t index = 0; index < G_N_ELEMENTS (forms); index++) {
        char text[CLIENT_ADDRESS_TEXT_SIZE];
        client_address_t address = s_address (forms[index][0]);
        client_address_print (&address, text);
        cr_expect_str_eq (text, forms[index][1]);
    }
}

Test (client_address, anything_else_is_refused)
{
    static const char *const texts[] = {"", "localhost", "unknown", "_hidden", "1.2.3", "1.2.3.4.5",
        "[1.2.3.4]", "[::1", "[::1]x", "::1]", ":80", "1.2.3.4 ",
        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"};
    client_address_t address;
    for (size_t index = 0; index < G_N_ELEMENTS (texts); index++)
        cr_expect_not (
            client_address_read (&address, text_from (texts[index])), "%s", texts[index]);
}

Test (client_address, of_ipv6_counts_by_its_first_64_bits)
{
    client_address_t one = s_address ("2001:db8::1");
    client_address_t same = s_address ("2001:db8::ffff:1:2:3");
    client_address_t other = s_address ("2001:db8:0:1::1");
    client_address_t four = s_address ("192.0.2.7");
    client_address_t next = s_address ("192.0.2.8");
    cr_expect_eq (client_address_hash (&one, 5), client_address_hash (&same, 5));
    cr_expect_neq (client_address_hash (&one, 5), client_address_hash (&other, 5));
    cr_expect_neq (client_address_hash (&four, 5), client_address_hash (&next, 5));
    cr_expect_neq (client_address_hash (&four, 5), client_address_hash (&four, 6));
}

Test (networks, have_the_addresses_within_their_prefixes)
{
    static const struct {
        const char *list, *address;
        bool has;
    } cases[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.128/25", "192.0.2.129", true},
        {"192.0.2.7", "192.0.2.7", true},
        {"192.0.2.7", "192.0.2.6", false},
        {"0.0.0.0/0", "1.2.3.4", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"10.0.0.0/8, 2001:db8::1", "2001:db8::1", true},
    };
    for (size_t index = 0; index < G_N_ELEMENTS (cases); index++) {
        networks_t networks;
        client_address_t address = s_address (cases[index].address);
        cr_assert (networks_read (&networks, cases[index].list), "%s", cases[index].list);
        cr_expect_eq (networks_have (&networks, &address), cases[index].has, "%s in %s",
            cases[index].address, cases[index].list);
    }
}

Test (networks, that_are_none_are_refused)
{
    static const char *const lists[] = {"", ",", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/",
        "10.0.0.0/x", "1.2.3.4:80", "[::1]", "2001:db8::/129", "10.0.0.0/-1", "a"};
    networks_t networks;
    for (size_t index = 0; index < G_N_ELEMENTS (lists); index++)
        cr_expect_not (networks_read (&networks, lists[index]), "%s", lists[index]);
    cr_expect (networks_read (&networks, NULL));
    cr_expect_eq (networks.count, 0);
}
