//  SPDX-License-Identifier: Apache-2.0
#include "common/client/http_line.h"

#include <errno.h>
#include <glib.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/network/client_address.h"

struct http_trust {
    gnutls_certificate_credentials_t gnutls;
};

struct http_line {
    int fd;
    gnutls_session_t session;  //  NULL: without TLS
    bool is_agreed;            //  the handshake is over
    const char *fault;
};

http_trust_t *
http_trust_new (const char *file, const char **fault)
{
    http_trust_t *self = g_new0 (http_trust_t, 1);
    int result = gnutls_certificate_allocate_credentials (&self->gnutls);
    g_assert (result == 0);
    int count =
        file ? gnutls_certificate_set_x509_trust_file (self->gnutls, file, GNUTLS_X509_FMT_PEM)
             : gnutls_certificate_set_x509_system_trust (self->gnutls);
    if (count > 0)
        return self;
    *fault = file ? "it is no readable file with certificates in PEM"
                  : "the system has no authorities: install ca-certificates, or name a file";
    http_trust_destroy (&self);
    return NULL;
}

void
http_trust_destroy (http_trust_t **self_p)
{
    http_trust_t *self = *self_p;
    if (!self)
        return;
    gnutls_certificate_free_credentials (self->gnutls);
    g_free (self);
    *self_p = NULL;
}

static void
s_begin_tls (http_line_t *self, const http_trust_t *trust, const char *host)
{
    client_address_t address;
    int result = gnutls_init (&self->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
    g_assert (result == 0);
    gnutls_set_default_priority (self->session);
    gnutls_credentials_set (self->session, GNUTLS_CRD_CERTIFICATE, trust->gnutls);
    gnutls_transport_set_int (self->session, self->fd);
    //  Names only: an address is no server name (RFC 6066).
    if (!client_address_read (&address, text_from (host)))
        gnutls_server_name_set (self->session, GNUTLS_NAME_DNS, host, strlen (host));
    gnutls_session_set_verify_cert (self->session, host, 0);
}

http_line_t *
http_line_new (int fd, const http_trust_t *trust, const char *host)
{
    http_line_t *self = g_new0 (http_line_t, 1);
    self->fd = fd;
    if (trust)
        s_begin_tls (self, trust, host);
    return self;
}

void
http_line_destroy (http_line_t **self_p)
{
    http_line_t *self = *self_p;
    if (!self)
        return;
    if (self->is_agreed)
        gnutls_bye (self->session, GNUTLS_SHUT_WR);
    if (self->session)
        gnutls_deinit (self->session);
    close (self->fd);
    g_free (self);
    *self_p = NULL;
}

int
http_line_fd (const http_line_t *self)
{
    return self->fd;
}

bool
http_line_wants_input (const http_line_t *self)
{
    return self->session && !self->is_agreed && gnutls_record_get_direction (self->session) == 0;
}

static const char *
s_explain (unsigned status)
{
    if (status & GNUTLS_CERT_UNEXPECTED_OWNER)
        return "its certificate is that of another host";
    if (status & GNUTLS_CERT_EXPIRED)
        return "its certificate has ended";
    if (status & GNUTLS_CERT_NOT_ACTIVATED)
        return "its certificate is not valid yet";
    if (status & (GNUTLS_CERT_SIGNER_NOT_FOUND | GNUTLS_CERT_SIGNER_NOT_CA))
        return "its certificate is of an authority that is not trusted: name that in --ca";
    return "its certificate is not valid";
}

//  Turn a result of GnuTLS into one of a socket.
static ssize_t
s_result (http_line_t *self, ssize_t result)
{
    if (result >= 0)
        return result;
    if (result == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR)
        self->fault = s_explain (gnutls_session_get_verify_cert_status (self->session));
    //  Servers often close without the alert that announces it.
    if (result == GNUTLS_E_PREMATURE_TERMINATION)
        return 0;
    errno = result == GNUTLS_E_AGAIN || result == GNUTLS_E_INTERRUPTED ? EAGAIN : EPROTO;
    return -1;
}

//  Return true when the handshake is over; else errno is set.
static bool
s_agree (http_line_t *self)
{
    if (!self->is_agreed)
        self->is_agreed = s_result (self, gnutls_handshake (self->session)) == 0;
    return self->is_agreed;
}

ssize_t
http_line_send (http_line_t *self, const void *bytes, size_t size)
{
    if (!self->session)
        return send (self->fd, bytes, size, MSG_NOSIGNAL);
    return s_agree (self) ? s_result (self, gnutls_record_send (self->session, bytes, size)) : -1;
}

ssize_t
http_line_receive (http_line_t *self, void *bytes, size_t size)
{
    if (!self->session)
        return recv (self->fd, bytes, size, 0);
    //  Sending alone goes on with the handshake, so a caller that sends has something left to send
    //  when the handshake ends.
    errno = EAGAIN;
    return self->is_agreed ? s_result (self, gnutls_record_recv (self->session, bytes, size)) : -1;
}

const char *
http_line_fault (const http_line_t *self)
{
    return self->fault;
}
