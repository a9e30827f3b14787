//  SPDX-License-Identifier: Apache-2.0
#include "common/network/socket_keys.h"

#include <glib.h>
#include <zmq.h>

//  zmq.h hides this option of 4.3 among the drafts, though every build of the library has it.
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

static struct {
    bool are_used;
    socket_keys_t own;
    uint8_t server[SOCKET_KEY_SIZE];
} s_keys;

bool
socket_key_read (uint8_t key[SOCKET_KEY_SIZE], text_t text)
{
    char copy[SOCKET_KEY_TEXT_SIZE];
    if (text.size != SOCKET_KEY_TEXT_SIZE - 1 || memchr (text.data, 0, text.size))
        return false;
    memcpy (copy, text.data, text.size);
    copy[text.size] = 0;
    bool good = zmq_z85_decode (key, copy) != NULL;
    explicit_bzero (copy, sizeof copy);
    return good;
}

void
socket_key_print (const uint8_t key[SOCKET_KEY_SIZE], char text[SOCKET_KEY_TEXT_SIZE])
{
    (void) !zmq_z85_encode (text, key, SOCKET_KEY_SIZE);
}

bool
socket_keys_make (socket_keys_t *keys)
{
    char public_text[SOCKET_KEY_TEXT_SIZE];
    char secret_text[SOCKET_KEY_TEXT_SIZE];
    bool good = zmq_curve_keypair (public_text, secret_text) == 0 &&
                socket_key_read (keys->public_key, text_from (public_text)) &&
                socket_key_read (keys->secret_key, text_from (secret_text));
    explicit_bzero (secret_text, sizeof secret_text);
    return good;
}

void
socket_keys_complete (socket_keys_t *keys)
{
    char public_text[SOCKET_KEY_TEXT_SIZE];
    char secret_text[SOCKET_KEY_TEXT_SIZE];
    socket_key_print (keys->secret_key, secret_text);
    bool good = zmq_curve_public (public_text, secret_text) == 0 &&
                socket_key_read (keys->public_key, text_from (public_text));
    g_assert (good);
    explicit_bzero (secret_text, sizeof secret_text);
}

void
socket_keys_use (const socket_keys_t *own, const uint8_t server[SOCKET_KEY_SIZE])
{
    s_keys.own = *own;
    memcpy (s_keys.server, server, SOCKET_KEY_SIZE);
    s_keys.are_used = true;
}

bool
socket_keys_are_used (void)
{
    return s_keys.are_used;
}

//  Abort rather than make a link without the encryption that the flags promise.
static void
s_set (void *handle, int option, const void *value, size_t size)
{
    int result = zmq_setsockopt (handle, option, value, size);
    g_assert (result == 0);
}

void
socket_keys_guard (void *handle, const char *domain)
{
    const int yes = 1;
    if (!s_keys.are_used)
        return;
    s_set (handle, ZMQ_CURVE_SERVER, &yes, sizeof yes);
    s_set (handle, ZMQ_CURVE_SECRETKEY, s_keys.own.secret_key, SOCKET_KEY_SIZE);
    s_set (handle, ZMQ_ZAP_DOMAIN, domain, strlen (domain));
    s_set (handle, ZMQ_ZAP_ENFORCE_DOMAIN, &yes, sizeof yes);
}

static void
s_present (void *handle, const uint8_t *server, const socket_keys_t *client)
{
    s_set (handle, ZMQ_CURVE_SERVERKEY, server, SOCKET_KEY_SIZE);
    s_set (handle, ZMQ_CURVE_PUBLICKEY, client->public_key, SOCKET_KEY_SIZE);
    s_set (handle, ZMQ_CURVE_SECRETKEY, client->secret_key, SOCKET_KEY_SIZE);
}

void
socket_keys_present (void *handle, const uint8_t *server)
{
    if (s_keys.are_used)
        s_present (handle, server ? server : s_keys.server, &s_keys.own);
}

void
socket_keys_present_as (void *handle, const socket_keys_t *client)
{
    s_present (handle, s_keys.own.public_key, client);
}
