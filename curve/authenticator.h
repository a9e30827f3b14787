//  The authenticator: a thread that tells libzmq which keys may connect to the bound sockets of
//  this process (ZAP, RFC 27), and that reads the list of peers again when its file has changed. It
//  never waits for another thread, and no other thread waits for it; only the client of a socket
//  waits for its verdict. Without an authenticator, or while it hangs, no client gets in.
//
//  The name of an admitted key is the user of its connection (socket_user).
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_AUTHENTICATOR_H
#define DOWNLINK_AUTHENTICATOR_H

#include "curve/peer_keeper.h"

typedef struct authenticator authenticator_t;

//  Connections that were refused so far, by reason.
typedef struct {
    uint64_t unknown;   //  the key is not in the list
    uint64_t unlisted;  //  it is there, but without the right that the port needs
} refusals_t;

//  Start the thread. is_serving: this process binds sockets, and the thread judges their clients;
//  else the thread only keeps the list up to date. The keeper is borrowed. Return NULL with errno
//  set on failure.
authenticator_t *authenticator_new (peer_keeper_t *keeper, bool is_serving);

//  End the thread. From now on no client gets in.
void authenticator_destroy (authenticator_t **self_p);

//  Make the thread read the list again soon. Any thread.
void authenticator_ask (authenticator_t *self);

//  Set the unknown key with which curve_check tries a socket: its refusals are neither counted nor
//  logged. Return the number of its refusals so far.
void authenticator_expect (authenticator_t *self, const uint8_t key[SOCKET_KEY_SIZE]);
unsigned authenticator_expected (const authenticator_t *self);

//  Return the refusals. Any thread.
refusals_t authenticator_refusals (const authenticator_t *self);

#endif
