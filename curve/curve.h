//  Keys on every ZeroMQ link of a program (--curve-dir): its own key, the list of peers that may
//  come, and the authenticator. Open it before any socket exists.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CURVE_H
#define DOWNLINK_CURVE_H

#include "common/network/socket.h"
#include "curve/authenticator.h"

typedef struct {
    authenticator_t *authenticator;  //  NULL: a program that reads the list once
    peer_keeper_t *peers;
} curve_t;

//  Use the keys of a server's directory, and keep its list up to date. Fill an empty directory of
//  ours (key_maker.h). name: the name of this program's key, "gateway" or "processor". is_serving:
//  the program binds sockets. Return NULL on failure; the log says why.
curve_t *curve_open (const char *directory, const char *name, bool is_serving);

//  Use the keys of a directory once, for a program that only sends queries. Return NULL on success,
//  or a sentence, which the caller frees.
char *curve_use (const char *directory, const char *name);

void curve_close (curve_t **self_p);

//  Return the list of the peers, borrowed; NULL if self is NULL: links have no keys.
peer_keeper_t *curve_peers (const curve_t *self);

//  Check that strangers are refused: connect to a bound socket of ours with an unknown key. Return
//  false, and log it, unless libzmq asked the authenticator and refused the connection. kind: of
//  the bound socket. Do nothing if self is NULL.
bool curve_check (const curve_t *self, const socket_t *bound, socket_kind_t kind);

#endif
