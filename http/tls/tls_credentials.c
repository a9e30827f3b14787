//  SPDX-License-Identifier: Apache-2.0
#include "http/tls/tls_credentials.h"

#include <glib.h>
#include <gnutls/x509.h>
#include <string.h>

#define CHAIN_MAX 16  //  certificates in a chain

//  The bytes of a file; data is NULL if it cannot be used.
typedef gnutls_datum_t pem_t;

//  Read a file. Write a sentence on failure.
static pem_t
s_read_file (
    const char *path, watched_file_bar_t bar, file_trace_t *trace, char fault[TLS_FAULT_SIZE])
{
    char reason[WATCHED_FILE_FAULT_SIZE];
    size_t size = 0;
    char *bytes = watched_file_read (path, bar, TLS_FILE_MAX_BYTES, &size, trace, reason);
    if (!bytes)
        g_snprintf (fault, TLS_FAULT_SIZE, "%s: %s", path, reason);
    return (pem_t){(unsigned char *) bytes, (unsigned) size};
}

static void
s_free_pem (pem_t *pem)
{
    if (pem->data)
        explicit_bzero (pem->data, pem->size);
    g_free (pem->data);
    *pem = (pem_t){0};
}

//  Return when the first certificate of a chain ends; -1 if it cannot be read.
static int64_t
s_find_end (const pem_t *pem)
{
    gnutls_x509_crt_t chain[CHAIN_MAX];
    unsigned count = CHAIN_MAX;
    int64_t ends_s = INT64_MAX;
    if (gnutls_x509_crt_list_import (chain, &count, pem, GNUTLS_X509_FMT_PEM, 0) < 0 || count == 0)
        return -1;
    for (unsigned index = 0; index < count; index++) {
        ends_s = MIN (ends_s, (int64_t) gnutls_x509_crt_get_expiration_time (chain[index]));
        gnutls_x509_crt_deinit (chain[index]);
    }
    return ends_s;
}

//  Take the server's certificate and key. Return false and write a sentence on failure.
static bool
s_take_identity (tls_credentials_t *self, const tls_files_t *files, const pem_t *certificate,
    const pem_t *key, char fault[TLS_FAULT_SIZE])
{
    self->ends_s = s_find_end (certificate);
    if (self->ends_s < 0) {
        g_snprintf (fault, TLS_FAULT_SIZE, "%s: it is no chain of 1 to %d certificates in PEM",
            files->certificate, CHAIN_MAX);
        return false;
    }
    int result =
        gnutls_certificate_set_x509_key_mem (self->gnutls, certificate, key, GNUTLS_X509_FMT_PEM);
    if (result >= 0)
        return true;
    if (result == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
        g_snprintf (fault, TLS_FAULT_SIZE, "%s: it is not the key of the certificate in %s",
            files->key, files->certificate);
    else
        g_snprintf (fault, TLS_FAULT_SIZE, "%s: it is no key in PEM that needs no passphrase (%s)",
            files->key, gnutls_strerror (result));
    return false;
}

static bool
s_take_authorities (
    tls_credentials_t *self, const char *path, const pem_t *authorities, char fault[TLS_FAULT_SIZE])
{
    if (!path)
        return true;
    self->asks_clients = true;
    if (gnutls_certificate_set_x509_trust_mem (self->gnutls, authorities, GNUTLS_X509_FMT_PEM) > 0)
        return true;
    g_snprintf (fault, TLS_FAULT_SIZE, "%s: it holds no certificates in PEM", path);
    return false;
}

tls_credentials_t *
tls_credentials_read (const tls_files_t *files, tls_traces_t *traces, char fault[TLS_FAULT_SIZE])
{
    //  Also of the files that are not read, after a fault in one before them.
    *traces =
        (tls_traces_t){{watched_file_trace (files->certificate), watched_file_trace (files->key),
            files->client_ca ? watched_file_trace (files->client_ca) : (file_trace_t){0}}};
    pem_t certificate =
        s_read_file (files->certificate, WATCHED_FILE_WRITING, &traces->files[0], fault);
    pem_t key = certificate.data
                    ? s_read_file (files->key, WATCHED_FILE_READING, &traces->files[1], fault)
                    : (pem_t){0};
    pem_t authorities = {0};
    if (key.data && files->client_ca)
        authorities =
            s_read_file (files->client_ca, WATCHED_FILE_WRITING, &traces->files[2], fault);
    tls_credentials_t *self = NULL;
    if (key.data && (authorities.data || !files->client_ca)) {
        self = g_new0 (tls_credentials_t, 1);
        self->references = 1;
        if (gnutls_certificate_allocate_credentials (&self->gnutls) != 0)
            g_error ("tls_credentials: GnuTLS has no memory");
        if (!s_take_identity (self, files, &certificate, &key, fault) ||
            !s_take_authorities (self, files->client_ca, &authorities, fault))
            tls_credentials_unref (&self);
    }
    s_free_pem (&certificate);
    s_free_pem (&key);
    s_free_pem (&authorities);
    return self;
}

bool
tls_credentials_have_changed (const tls_files_t *files, const tls_traces_t *traces)
{
    return watched_file_has_changed (files->certificate, &traces->files[0]) ||
           watched_file_has_changed (files->key, &traces->files[1]) ||
           (files->client_ca && watched_file_has_changed (files->client_ca, &traces->files[2]));
}

tls_credentials_t *
tls_credentials_ref (tls_credentials_t *self)
{
    g_atomic_int_inc (&self->references);
    return self;
}

void
tls_credentials_unref (tls_credentials_t **self_p)
{
    tls_credentials_t *self = *self_p;
    *self_p = NULL;
    if (!self || !g_atomic_int_dec_and_test (&self->references))
        return;
    gnutls_certificate_free_credentials (self->gnutls);
    g_free (self);
}
