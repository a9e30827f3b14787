//  Addresses as users write them: valid ones, the parts that may be left out, and invalid ones.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <glib.h>

#include "common/network/host_port.h"
#include "common/network/listen_address.h"

Test (host_port, a_part_that_is_left_out_is_the_usual_one)
{
    static const struct {
        const char *text;
        const char *host;
        uint16_t port;
    } cases[] = {{"localhost:8090", "localhost", 8090}, {"localhost", "localhost", 8088},
        {":8090", "localhost", 8090}, {"[::1]:8090", "::1", 8090}, {"[::1]", "::1", 8088},
        {"10.0.0.7", "10.0.0.7", 8088}, {"a_b-c.example:65535", "a_b-c.example", 65535},
        {"[fe80::1%eth0]:1", "fe80::1%eth0", 1}};
    for (size_t index = 0; index < G_N_ELEMENTS (cases); index++) {
        host_port_t place;
        cr_assert (host_port_read (&place, cases[index].text, &host_port_gateway), "%s",
            cases[index].text);
        cr_expect_str_eq (place.host, cases[index].host);
        cr_expect_eq (place.port, cases[index].port, "%s", cases[index].text);
    }
}

Test (host_port, another_text_is_refused)
{
    static const char *const texts[] = {"", ":", "host:", "host:x", "host:0", "host:65536",
        "host:1:2", "::1", "::1:8088", "8088", "[::1", "[]", "[]:1", "[::1]8088", "[localhost]",
        "here and there", "http://host", "host/path", "host:+1", "host: 1"};
    for (size_t index = 0; index < G_N_ELEMENTS (texts); index++) {
        host_port_t place;
        cr_expect_not (
            host_port_read (&place, texts[index], &host_port_gateway), "%s", texts[index]);
    }
}

Test (host_port, a_host_that_is_too_long_is_refused)
{
    char text[2 * HOST_SIZE];
    memset (text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    host_port_t place;
    cr_expect_not (host_port_read (&place, text, &host_port_gateway));
    text[HOST_SIZE - 1] = '\0';
    cr_expect (host_port_read (&place, text, &host_port_gateway));
}

Test (host_port, a_server_listens_on_numbers)
{
    static const struct {
        const char *text;
        const char *host;
        uint16_t port;
    } cases[] = {{"localhost:8090", "127.0.0.1", 8090}, {":8090", "127.0.0.1", 8090},
        {"0.0.0.0", "0.0.0.0", 8088}, {"[::1]", "::1", 8088}, {"LOCALHOST", "127.0.0.1", 8088}};
    listen_address_t address;
    for (size_t index = 0; index < G_N_ELEMENTS (cases); index++) {
        cr_assert (
            listen_address_read (&address, cases[index].text, 8088), "%s", cases[index].text);
        cr_expect_str_eq (address.host, cases[index].host);
        cr_expect_eq (address.port, cases[index].port);
    }
    cr_expect_not (listen_address_read (&address, "127.0.0.1", 0), "no port is usual");
}

Test (host_port, a_host_alone_may_have_brackets)
{
    char host[LISTEN_HOST_SIZE];
    static const struct {
        const char *text;
        const char *host;
    } cases[] = {
        {"localhost", "127.0.0.1"}, {"::1", "::1"}, {"[::]", "::"}, {"0.0.0.0", "0.0.0.0"}};
    for (size_t index = 0; index < G_N_ELEMENTS (cases); index++) {
        cr_assert (listen_host_read (host, cases[index].text), "%s", cases[index].text);
        cr_expect_str_eq (host, cases[index].host);
    }
    static const char *const texts[] = {"", "[]", "8088", "127.0.0.1:5561", "a b", "[::1"};
    for (size_t index = 0; index < G_N_ELEMENTS (texts); index++)
        cr_expect_not (listen_host_read (host, texts[index]), "%s", texts[index]);
}
