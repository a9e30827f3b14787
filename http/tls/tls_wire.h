//  One connection under TLS. libmicrohttpd owns the socket and the GnuTLS session, runs the
//  handshake, reads and writes. A wire adds our credentials, checks the client's certificate, and
//  notices the end of the handshake. One thread owns a wire.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TLS_WIRE_H
#define DOWNLINK_TLS_WIRE_H

#include <glib.h>

#include "http/tls/tls_keeper.h"

#define TLS_FIRST_BYTE 0x16  //  of a connection that speaks TLS

//  Why a handshake failed.
typedef enum {
    TLS_ENDED,        //  the client went away in the middle
    TLS_LATE,         //  the client did not finish in time
    TLS_PLAIN,        //  the client speaks HTTP without TLS
    TLS_NOTHING,      //  no version, cipher or signature is common
    TLS_CERTIFICATE,  //  the client has no certificate that counts
    TLS_REFUSED,      //  the client refuses the server's certificate, or another part
    TLS_FAULTS
} tls_fault_t;

struct MHD_Connection;

typedef struct {
    struct MHD_Connection *mhd;
    int fd;
    gnutls_session_t session;
    tls_credentials_t *credentials;
    void *owner;
    bool is_agreed;   //  the handshake is over, and good
    bool is_waiting;  //  the last read found no bytes
    bool is_running;  //  the handshake goes on; else the library ignores the connection (tls_gate)
    bool is_seen;     //  the first byte has come
    uint64_t received;  //  bytes of the socket
    uint64_t greeted;   //  of those, the bytes of the handshake
    unsigned last_in;   //  type of the handshake message that came last
    bool has_answered;  //  a message of the handshake went out
    bool is_ended;      //  the client has closed its side
    unsigned finished;  //  bits: 1, the client's Finished message has come; 2, ours was sent
    bool is_blamed;     //  fault is known
    tls_fault_t fault;
    GList link;  //  for the gate
} tls_wire_t;

//  Priorities of GnuTLS: TLS 1.2 and 1.3, authenticated ciphers, fresh keys for each connection.
extern const char tls_wire_priorities[];

//  Take charge of the session of a new connection, before its handshake. The session stays the
//  library's, and must not go on after tls_wire_destroy. owner is for the caller.
tls_wire_t *tls_wire_new (struct MHD_Connection *mhd, gnutls_session_t session, int fd,
    tls_keeper_t *keeper, void *owner);

void tls_wire_destroy (tls_wire_t **self_p);

//  Note why the handshake is going to fail. The first reason counts.
void tls_wire_blame (tls_wire_t *self, tls_fault_t fault);

//  Return the reason why the handshake failed.
tls_fault_t tls_wire_fault (const tls_wire_t *self);

//  Return the name of a fault for metrics, such as "timeout"; and a sentence with advice for the
//  log, NULL if there is none.
const char *tls_fault_name (tls_fault_t fault);
const char *tls_fault_advice (tls_fault_t fault);

//  Send bytes and close the sending side. Never wait: bytes that the socket does not take are lost.
void tls_wire_end (tls_wire_t *self, const char *bytes, size_t size);

//  Return the number of decrypted bytes that are not read yet.
size_t tls_wire_pending (const tls_wire_t *self);

//  Return the number of bytes that the library has read, with the overhead of TLS, and without the
//  handshake.
uint64_t tls_wire_count_read (const tls_wire_t *self);

#endif
