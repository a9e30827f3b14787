//  SPDX-License-Identifier: Apache-2.0
#include "http/tls/tls_wire.h"

#include <errno.h>
#include <gnutls/x509.h>
#include <sys/socket.h>

const char tls_wire_priorities[] =
    "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:"
    "-CIPHER-ALL:+AES-128-GCM:+CHACHA20-POLY1305:+AES-256-GCM:"
    "-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:"
    "-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:%SERVER_PRECEDENCE";

#define FINISHED_IN 1u
#define FINISHED_OUT 2u

static const struct {
    const char *name;
    const char *advice;
} s_faults[] = {
    [TLS_ENDED] = {"ended", NULL},
    [TLS_LATE] = {"timeout", NULL},
    [TLS_PLAIN] = {"plain-http", "this port speaks TLS; use https:// in the client's URL"},
    [TLS_NOTHING] = {"nothing-in-common",
        "the client must speak TLS 1.2 or 1.3, with AES-GCM or ChaCha20-Poly1305"},
    [TLS_CERTIFICATE] = {"client-certificate",
        "give the client a certificate from an authority in --tls-client-ca"},
    [TLS_REFUSED] = {"refused-by-client", "let the client trust the authority of --tls-cert, and "
                                          "reach the gateway under a name in it"},
};

const char *
tls_fault_name (tls_fault_t fault)
{
    return s_faults[fault].name;
}

const char *
tls_fault_advice (tls_fault_t fault)
{
    return s_faults[fault].advice;
}

static tls_wire_t *
s_of (gnutls_session_t session)
{
    return gnutls_transport_get_ptr (session);
}

static ssize_t
s_pull (gnutls_transport_ptr_t context, void *bytes, size_t size)
{
    tls_wire_t *self = context;
    ssize_t count = recv (self->fd, bytes, size, MSG_DONTWAIT);
    self->is_waiting = count < 0 && errno == EAGAIN;
    self->is_ended = count == 0;
    self->received += count > 0 ? (uint64_t) count : 0;
    return count;
}

static ssize_t
s_push (gnutls_transport_ptr_t context, const giovec_t *parts, int count)
{
    const tls_wire_t *self = context;
    //  giovec_t is struct iovec.
    const struct msghdr message = {
        .msg_iov = (struct iovec *) (uintptr_t) parts, .msg_iovlen = (size_t) count};
    return sendmsg (self->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

//  Note each message of the handshake, before it is handled and after. In every kind of handshake,
//  the last step is one of the two Finished.
static int
s_note (gnutls_session_t session, unsigned type, unsigned when, unsigned is_incoming,
    const gnutls_datum_t *message)
{
    (void) message;
    tls_wire_t *self = s_of (session);
    if (is_incoming)
        self->last_in = type;
    else
        self->has_answered = true;
    if (type != GNUTLS_HANDSHAKE_FINISHED || when != GNUTLS_HOOK_POST)
        return 0;
    self->finished |= is_incoming ? FINISHED_IN : FINISHED_OUT;
    self->is_agreed = self->finished == (FINISHED_IN | FINISHED_OUT);
    self->greeted = self->received;
    return 0;
}

static gnutls_alert_description_t
s_alert (unsigned status)
{
    if (status & GNUTLS_CERT_EXPIRED)
        return GNUTLS_A_CERTIFICATE_EXPIRED;
    if (status & GNUTLS_CERT_SIGNER_NOT_FOUND)
        return GNUTLS_A_UNKNOWN_CA;
    return GNUTLS_A_BAD_CERTIFICATE;
}

//  Check the client's certificate: its authority, its time, and that it is one of a client.
static int
s_verify (gnutls_session_t session)
{
    tls_wire_t *self = s_of (session);
    unsigned status = 0;
    gnutls_typed_vdata_st purpose = {
        GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *) (uintptr_t) GNUTLS_KP_TLS_WWW_CLIENT, 0};
    int result = gnutls_certificate_verify_peers (session, &purpose, 1, &status);
    if (result == 0 && status == 0)
        return 0;
    tls_wire_blame (self, TLS_CERTIFICATE);
    gnutls_alert_send (
        session, GNUTLS_AL_FATAL, result == 0 ? s_alert (status) : GNUTLS_A_BAD_CERTIFICATE);
    return GNUTLS_E_CERTIFICATE_ERROR;
}

tls_wire_t *
tls_wire_new (
    struct MHD_Connection *mhd, gnutls_session_t session, int fd, tls_keeper_t *keeper, void *owner)
{
    tls_wire_t *self = g_new0 (tls_wire_t, 1);
    self->mhd = mhd;
    self->fd = fd;
    self->session = session;
    self->owner = owner;
    self->link.data = self;
    self->credentials = tls_keeper_credentials (keeper);
    gnutls_transport_set_ptr (session, self);
    gnutls_transport_set_pull_function (session, s_pull);
    gnutls_transport_set_vec_push_function (session, s_push);
    gnutls_handshake_set_hook_function (session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_BOTH, s_note);
    gnutls_credentials_set (session, GNUTLS_CRD_CERTIFICATE, self->credentials->gnutls);
    if (self->credentials->asks_clients) {
        gnutls_certificate_server_set_request (session, GNUTLS_CERT_REQUIRE);
        gnutls_session_set_verify_function (session, s_verify);
    }
    else
        //  A ticket saves a returning client most of the work. With client certificates each
        //  connection shows its certificate again, because it may have expired, or its authority
        //  may have been removed.
        gnutls_session_ticket_enable_server (session, tls_keeper_ticket_key (keeper));
    return self;
}

void
tls_wire_destroy (tls_wire_t **self_p)
{
    tls_wire_t *self = *self_p;
    if (!self)
        return;
    tls_credentials_unref (&self->credentials);
    g_free (self);
    *self_p = NULL;
}

void
tls_wire_blame (tls_wire_t *self, tls_fault_t fault)
{
    if (self->is_blamed)
        return;
    self->is_blamed = true;
    self->fault = fault;
}

//  The library does not report the error of GnuTLS, so derive it from how far the handshake got.
tls_fault_t
tls_wire_fault (const tls_wire_t *self)
{
    if (self->is_blamed)
        return self->fault;
    if (self->last_in == GNUTLS_HANDSHAKE_CERTIFICATE_PKT)
        return TLS_CERTIFICATE;
    if (self->last_in == GNUTLS_HANDSHAKE_HELLO_REQUEST || self->is_ended)
        return TLS_ENDED;
    return self->has_answered ? TLS_REFUSED : TLS_NOTHING;
}

void
tls_wire_end (tls_wire_t *self, const char *bytes, size_t size)
{
    if (self->is_agreed) {
        (void) !gnutls_record_send (self->session, bytes, size);
        gnutls_bye (self->session, GNUTLS_SHUT_WR);
    }
    shutdown (self->fd, SHUT_WR);
}

size_t
tls_wire_pending (const tls_wire_t *self)
{
    return gnutls_record_check_pending (self->session);
}

uint64_t
tls_wire_count_read (const tls_wire_t *self)
{
    uint64_t count = self->received - self->greeted;
    size_t pending = tls_wire_pending (self);
    return count > pending ? count - pending : 0;
}
