//  Keep the credentials of a server, which its threads share: read the files at the start, and
//  again when one has changed. Changed files that cannot be used change nothing, and the log says
//  why.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TLS_KEEPER_H
#define DOWNLINK_TLS_KEEPER_H

#include "http/tls/tls_credentials.h"

typedef struct tls_keeper tls_keeper_t;

//  Read the files. Return NULL if that fails; the log says why. The paths are borrowed.
tls_keeper_t *tls_keeper_new (const tls_files_t *files);

void tls_keeper_destroy (tls_keeper_t **self_p);

//  Read the files again if one has changed, or if is_asked (a SIGHUP came), and warn of a
//  certificate that ends soon. One thread calls this about once a second.
void tls_keeper_look (tls_keeper_t *self, bool is_asked);

//  Return the newest credentials, with a reference for the caller. Any thread.
tls_credentials_t *tls_keeper_credentials (tls_keeper_t *self);

//  Return when the certificate ends, in seconds since 1970. Any thread.
int64_t tls_keeper_ends_s (tls_keeper_t *self);

//  Return the key of session tickets, which all threads share. It is random, made at the start, and
//  never stored.
const gnutls_datum_t *tls_keeper_ticket_key (const tls_keeper_t *self);

#endif
