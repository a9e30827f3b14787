//  Fuzz the addresses in flags and arguments. An address that is read and written again is the
//  same.
//  SPDX-License-Identifier: Apache-2.0
#include "common/client/http_client.h"
#include "common/network/addresses.h"
#include "common/network/client_address.h"
#include "common/network/host_port.h"
#include "common/network/listen_address.h"
#include "common/network/networks.h"
#include "processor/choose_store.h"
#include "tests/fuzz/input.h"

//  Return HOST:PORT. The caller frees it.
static char *
s_join (const char *host, unsigned port)
{
    return g_strdup_printf (strchr (host, ':') ? "[%s]:%u" : "%s:%u", host, port);
}

static void
s_host_port (const char *text)
{
    host_port_t place;
    host_port_t again;
    listen_address_t listen;
    if (host_port_read (&place, text, &host_port_gateway)) {
        char *joined = s_join (place.host, place.port);
        g_assert (host_port_read (&again, joined, &(host_port_t){"", 0}));
        g_assert (place.port > 0 && strcmp (place.host, again.host) == 0);
        g_assert (place.port == again.port);
        g_free (joined);
    }
    if (listen_address_read (&listen, text, 1))
        g_assert (listen.port > 0 && *listen.host && strlen (listen.host) < LISTEN_HOST_SIZE);
    char host[HOST_SIZE];
    char host_again[HOST_SIZE];
    if (host_read (host, text))
        g_assert (host_read (host_again, host) && strcmp (host, host_again) == 0);
}

static void
s_list (const char *text)
{
    GArray *names = addresses_parse (text);
    for (guint index = 0; names && index < names->len; index++) {
        const address_name_t *name = &g_array_index (names, address_name_t, index);
        g_assert (*name->host && name->port > 0 && name->port <= ADDRESS_PORT_MAX);
        address_t address = address_of (name->host, name->port);
        char endpoint[ADDRESS_ENDPOINT_SIZE];
        address_endpoint (&address, PORT_EVENTS, endpoint);
        g_assert (g_str_has_prefix (endpoint, "tcp://"));
    }
    if (names)
        g_array_unref (names);
}

static void
s_client (text_t text)
{
    client_address_t address;
    client_address_t again;
    char printed[CLIENT_ADDRESS_TEXT_SIZE];
    if (!client_address_read (&address, text))
        return;
    client_address_print (&address, printed);
    g_assert (client_address_read (&again, text_from (printed)));
    g_assert (memcmp (&address, &again, sizeof again) == 0);
    g_assert (client_address_is_loopback (&address) == address_is_loopback (printed));
}

//  A network has its own address.
static void
s_networks (const char *text)
{
    networks_t networks;
    if (!networks_read (&networks, text))
        return;
    g_assert (networks.count >= 1 && networks.count <= NETWORKS_MAX);
    for (size_t index = 0; index < networks.count; index++)
        g_assert (networks.networks[index].bits <= 128 &&
                  networks_have (&networks, &networks.networks[index].address));
}

static void
s_url (const char *text)
{
    http_place_t place;
    const char *fault = http_place_read (&place, text);
    if (!fault)
        g_assert (*place.host && place.port > 0 && *place.path == '/' && *place.authority);
    http_place_free (&place);
}

static void
s_store (const char *text)
{
    store_choice_t choice;
    char place[STATE_PLACE_SIZE];
    memset (&choice, 0, sizeof choice);
    if (!store_choice_read (&choice, text))
        return;
    store_choice_place (&choice, place);
    g_assert (*place && strlen (place) < STATE_PLACE_SIZE);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    input_t input = {data, size};
    text_t bytes = input_rest (&input);
    char *text = input_string (bytes);
    s_host_port (text);
    s_list (text);
    s_client (bytes);
    s_networks (text);
    s_url (text);
    s_store (text);
    g_free (text);
    return 0;
}
