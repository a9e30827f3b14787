//  The handshakes in progress. While a client pauses in the middle of its handshake, libmicrohttpd
//  would run in a busy loop. It would also take any number of handshake steps in one run, each with
//  a signature of some hundred microseconds. So the gate makes the library ignore a connection
//  until bytes have arrived, and lets a few handshakes take a step in each run. Handshakes that
//  wait cost nothing.
//
//  One thread owns a gate. It calls tls_gate_open before each run of the library, and
//  tls_gate_close after it.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TLS_GATE_H
#define DOWNLINK_TLS_GATE_H

#include "http/tls/tls_wire.h"

#define TLS_STEPS_MAX 4  //  of handshakes, in one run

typedef enum {
    TLS_GATE_AGREED,  //  the handshake is over: requests may come
    TLS_GATE_PLAIN,   //  the client speaks HTTP without TLS; its connection ends in this run
} tls_gate_event_t;

//  Take note of an event on the connection of an owner.
typedef void (tls_gate_fn) (void *context, void *owner, tls_gate_event_t event);

typedef struct tls_gate tls_gate_t;

//  Make a gate without handshakes. The keeper is borrowed. Return NULL with errno set on failure.
tls_gate_t *tls_gate_new (tls_keeper_t *keeper, tls_gate_fn *notify, void *context);

//  Free a gate when the library has closed all its connections.
void tls_gate_destroy (tls_gate_t **self_p);

//  Watch the descriptor of the library too.
void tls_gate_watch (tls_gate_t *self, int fd);

//  Return the descriptor that becomes readable when a handshake can go on, or when the watched
//  descriptor is readable.
int tls_gate_fd (const tls_gate_t *self);

//  Add a connection that was just accepted. Return its wire, borrowed until tls_gate_remove.
tls_wire_t *tls_gate_add (
    tls_gate_t *self, struct MHD_Connection *mhd, gnutls_session_t session, int fd, void *owner);

//  Forget a connection that is closed. Return true if its handshake had not succeeded, and set
//  *fault to the reason.
bool tls_gate_remove (tls_gate_t *self, tls_wire_t **wire_p, tls_fault_t *fault);

void tls_gate_open (tls_gate_t *self);
void tls_gate_close (tls_gate_t *self);

//  End all handshakes before the library stops: it must not ignore any connection then.
void tls_gate_end_all (tls_gate_t *self);

#endif
