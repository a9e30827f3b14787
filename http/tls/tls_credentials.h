//  The credentials of a server for TLS handshakes: its certificate, its key, and the authorities of
//  its clients' certificates. Credentials never change; a reload makes new ones, and each
//  connection keeps those that it began with. References are counted. Any thread may call these
//  functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_TLS_CREDENTIALS_H
#define DOWNLINK_TLS_CREDENTIALS_H

#include <gnutls/gnutls.h>
#include <stdint.h>

#include "common/access/watched_file.h"

#define TLS_FILE_MAX_BYTES ((size_t) 1024 * 1024)
#define TLS_FAULT_SIZE 512  //  of a sentence about a fault, with a path

//  Paths of PEM files.
typedef struct {
    const char *certificate;  //  the server's certificate, and any intermediate ones
    const char *key;
    const char *client_ca;  //  NULL: clients need no certificate
} tls_files_t;

#define TLS_FILES 3
typedef struct {
    file_trace_t files[TLS_FILES];  //  in the order of tls_files_t
} tls_traces_t;

typedef struct {
    int references;  //  atomic
    gnutls_certificate_credentials_t gnutls;
    bool asks_clients;  //  for certificates
    int64_t ends_s;     //  when the first certificate of the chain ends, in seconds since 1970
} tls_credentials_t;

//  Read the files. Return NULL on failure, and write a sentence that names the file. Set the traces
//  of the files in both cases.
tls_credentials_t *tls_credentials_read (
    const tls_files_t *files, tls_traces_t *traces, char fault[TLS_FAULT_SIZE]);

//  Return true if a file has changed since these traces were taken.
bool tls_credentials_have_changed (const tls_files_t *files, const tls_traces_t *traces);

tls_credentials_t *tls_credentials_ref (tls_credentials_t *self);
void tls_credentials_unref (tls_credentials_t **self_p);

#endif
