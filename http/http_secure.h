//  TLS for a server: the gate, the outcome of each handshake, counts and log lines.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_SECURE_H
#define DOWNLINK_HTTP_SECURE_H

#include <gnutls/abstract.h>

#include "http/http_parts.h"

//  Prepare for connections under TLS, before the library starts; do nothing without TLS. Return
//  false on failure; the log says why.
bool http_secure_begin (http_server_t *server);

//  Refuse to give a certificate. The library requires such a function before it starts, but never
//  calls it, since each session gets our credentials.
int http_secure_no_certificate (gnutls_session_t session, const struct gnutls_cert_retr_st *info,
    gnutls_pcert_st **certificates, unsigned *count, gnutls_ocsp_data_st **ocsp,
    unsigned *ocsp_count, gnutls_privkey_t *key, unsigned *flags);

//  Begin the handshake of a connection that was just accepted; do nothing without TLS.
void http_secure_accept (
    http_server_t *server, struct MHD_Connection *mhd, http_connection_t *connection);

//  Forget a connection that is closed, and count a handshake that failed.
void http_secure_closed (http_server_t *server, http_connection_t *connection);

//  Run the library once.
void http_secure_run (http_server_t *server);

//  End all handshakes, so that the library can stop.
void http_secure_end (http_server_t *server);

#endif
