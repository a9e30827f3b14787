//  The CURVE keys of this process. They encrypt every ZeroMQ link, and prove to each side the
//  identity of the other. Without keys, links are plain. A server (a bound socket) admits a client
//  after the authenticator (curve/authenticator.h) has judged its public key; a client knows the
//  public key that its server must have.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SOCKET_KEYS_H
#define DOWNLINK_SOCKET_KEYS_H

#include <stdint.h>

#include "common/text/text.h"

#define SOCKET_KEY_SIZE 32
#define SOCKET_KEY_TEXT_SIZE 41  //  of a key as text, in ZeroMQ's Z85, with its terminator

typedef struct {
    uint8_t public_key[SOCKET_KEY_SIZE];
    uint8_t secret_key[SOCKET_KEY_SIZE];
} socket_keys_t;

//  Make a pair of keys from the system's random bytes. Return false if libzmq cannot encrypt.
bool socket_keys_make (socket_keys_t *keys) __attribute__ ((warn_unused_result));

//  Read a key from its text. Return false if the text is not a key.
bool socket_key_read (uint8_t key[SOCKET_KEY_SIZE], text_t text)
    __attribute__ ((warn_unused_result));

//  Write a key as text.
void socket_key_print (const uint8_t key[SOCKET_KEY_SIZE], char text[SOCKET_KEY_TEXT_SIZE]);

//  Compute the public key that belongs to the secret key.
void socket_keys_complete (socket_keys_t *keys);

//  Encrypt every link of this process with these keys from now on. server is the public key that
//  servers must have, unless socket_connect_to names another. Call it once, before the first socket
//  exists. The keys are copied.
void socket_keys_use (const socket_keys_t *own, const uint8_t server[SOCKET_KEY_SIZE]);

//  Return true if the links of this process are encrypted.
bool socket_keys_are_used (void);

//  For socket.c: prepare a socket that is about to be bound. The authenticator judges its clients
//  by the domain; while there is no authenticator, no client gets in. Do nothing without keys.
void socket_keys_guard (void *handle, const char *domain);

//  For socket.c: prepare a socket that is about to be connected to a server with this public key;
//  NULL: the key of socket_keys_use. Do nothing without keys.
void socket_keys_present (void *handle, const uint8_t *server);

//  Prepare a socket that is about to be connected to a server of this process, as a client with
//  keys other than those of this process.
void socket_keys_present_as (void *handle, const socket_keys_t *client);

#endif
