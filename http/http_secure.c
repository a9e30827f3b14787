//  SPDX-License-Identifier: Apache-2.0
#include "http/http_secure.h"

#include <errno.h>

#include "common/process/log.h"

#define LOG_INTERVAL_MS 1000

static void
s_notify (void *context, void *owner, tls_gate_event_t event)
{
    http_server_t *server = context;
    http_connection_t *connection = owner;
    switch (event) {
    case TLS_GATE_AGREED:
        server->tls_counts.agreed++;
        server->tls_counts.open++;
        //  Its first request may have come at once.
        if (connection->phase == CONNECTION_HANDSHAKE)
            http_connections_enter (&server->connections, connection, CONNECTION_FRESH);
        break;
    case TLS_GATE_PLAIN:
        http_parting_send (PARTING_PLAIN, http_parting_detail (PARTING_PLAIN), &connection->wire);
        connection->is_lingering = true;
        break;
    }
}

bool
http_secure_begin (http_server_t *server)
{
    if (!server->config.tls)
        return true;
    if (MHD_is_feature_supported (MHD_FEATURE_TLS) != MHD_YES) {
        log_event (LOG_ERROR, "cannot speak TLS", "reason=%s advice=%s",
            "libmicrohttpd was built without GnuTLS",
            "use the libmicrohttpd of Debian, or a proxy for TLS in front");
        return false;
    }
    server->gate = tls_gate_new (server->config.tls, s_notify, server);
    if (!server->gate)
        log_event (LOG_ERROR, "cannot speak TLS", "reason=%s", g_strerror (errno));
    return server->gate != NULL;
}

void
http_secure_accept (
    http_server_t *server, struct MHD_Connection *mhd, http_connection_t *connection)
{
    if (!server->gate)
        return;
    gnutls_session_t session =
        MHD_get_connection_info (mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
    connection->wire.tls =
        tls_gate_add (server->gate, mhd, session, connection->wire.fd, connection);
    http_connections_enter (&server->connections, connection, CONNECTION_HANDSHAKE);
}

int
http_secure_no_certificate (gnutls_session_t session, const struct gnutls_cert_retr_st *info,
    gnutls_pcert_st **certificates, unsigned *count, gnutls_ocsp_data_st **ocsp,
    unsigned *ocsp_count, gnutls_privkey_t *key, unsigned *flags)
{
    (void) session;
    (void) info;
    (void) certificates;
    (void) ocsp;
    (void) key;
    *count = 0;
    *ocsp_count = 0;
    *flags = 0;
    return -1;
}

//  Log a handshake that failed, one a second at most.
static void
s_log (http_server_t *server, const http_connection_t *connection, tls_fault_t fault)
{
    http_tls_counts_t *counts = &server->tls_counts;
    char client[CLIENT_ADDRESS_TEXT_SIZE];
    if (!log_is_due (&counts->logged_ms, LOG_INTERVAL_MS)) {
        counts->left_out++;
        return;
    }
    client_address_print (&connection->peer, client);
    if (tls_fault_advice (fault))
        log_event (LOG_INFO, "a TLS handshake failed",
            "reason=%s client=%s left_out=%llu advice=%s", tls_fault_name (fault), client,
            (unsigned long long) counts->left_out, tls_fault_advice (fault));
    else
        log_event (LOG_INFO, "a TLS handshake failed", "reason=%s client=%s left_out=%llu",
            tls_fault_name (fault), client, (unsigned long long) counts->left_out);
    counts->left_out = 0;
}

void
http_secure_closed (http_server_t *server, http_connection_t *connection)
{
    tls_fault_t fault = TLS_ENDED;
    if (!connection->wire.tls)
        return;
    bool was_counted = connection->wire.tls->is_agreed && !connection->wire.tls->is_running;
    if (tls_gate_remove (server->gate, &connection->wire.tls, &fault)) {
        server->tls_counts.failed[fault]++;
        s_log (server, connection, fault);
    }
    else if (was_counted)
        server->tls_counts.open--;
}

void
http_secure_run (http_server_t *server)
{
    if (server->gate)
        tls_gate_open (server->gate);
    MHD_run (server->daemon);
    if (server->gate)
        tls_gate_close (server->gate);
}

void
http_secure_end (http_server_t *server)
{
    if (server->gate)
        tls_gate_end_all (server->gate);
}
