//  SPDX-License-Identifier: Apache-2.0
#include "http/tls/tls_keeper.h"

#include <glib.h>
#include <pthread.h>

#include "common/process/clock.h"
#include "common/process/log.h"

#define DAY_S 86400
#define WARN_S (14 * DAY_S)
#define WARN_INTERVAL_MS (1000ll * DAY_S)

struct tls_keeper {
    tls_files_t files;
    tls_traces_t traces;  //  of the files when they were last read
    gnutls_datum_t ticket_key;
    int64_t warned_ms;      //  of a certificate that ends; 0: not these credentials'
    pthread_mutex_t mutex;  //  guards credentials
    tls_credentials_t *credentials;
};

static void
s_log_read (const tls_keeper_t *self, const char *event)
{
    GDateTime *end = g_date_time_new_from_unix_utc (self->credentials->ends_s);
    char *text = end ? g_date_time_format (end, "%Y-%m-%dT%H:%M:%SZ") : g_strdup ("unknown");
    log_event (LOG_INFO, event, "certificate=%s ends=%s client_certificates=%s",
        self->files.certificate, text, self->credentials->asks_clients ? "required" : "no");
    g_free (text);
    if (end)
        g_date_time_unref (end);
}

//  Warn of a certificate that ends soon, or has ended; once a day.
static void
s_warn_of_end (tls_keeper_t *self)
{
    int64_t left_s = self->credentials->ends_s - g_get_real_time () / 1000000;
    if (left_s > WARN_S || (self->warned_ms && clock_ms () - self->warned_ms < WARN_INTERVAL_MS))
        return;
    self->warned_ms = clock_ms ();
    log_event (LOG_WARN, left_s > 0 ? "the certificate ends soon" : "the certificate has ended",
        "certificate=%s days_left=%lld advice=%s", self->files.certificate,
        (long long) (left_s / DAY_S),
        "replace the files of --tls-cert and --tls-key; they are read again within a second");
}

tls_keeper_t *
tls_keeper_new (const tls_files_t *files)
{
    char fault[TLS_FAULT_SIZE];
    tls_keeper_t *self = g_new0 (tls_keeper_t, 1);
    self->files = *files;
    pthread_mutex_init (&self->mutex, NULL);
    int result = gnutls_session_ticket_key_generate (&self->ticket_key);
    g_assert (result == 0);
    self->credentials = tls_credentials_read (files, &self->traces, fault);
    if (self->credentials) {
        s_log_read (self, "read the certificate");
        s_warn_of_end (self);
    }
    else {
        log_event (LOG_ERROR, "cannot use the files of TLS", "reason=%s", fault);
        tls_keeper_destroy (&self);
    }
    return self;
}

void
tls_keeper_destroy (tls_keeper_t **self_p)
{
    tls_keeper_t *self = *self_p;
    if (!self)
        return;
    tls_credentials_unref (&self->credentials);
    gnutls_memset (self->ticket_key.data, 0, self->ticket_key.size);
    gnutls_free (self->ticket_key.data);
    pthread_mutex_destroy (&self->mutex);
    g_free (self);
    *self_p = NULL;
}

static void
s_reload (tls_keeper_t *self)
{
    char fault[TLS_FAULT_SIZE];
    tls_credentials_t *credentials = tls_credentials_read (&self->files, &self->traces, fault);
    if (!credentials) {
        log_event (LOG_WARN, "cannot use the changed files of TLS; the earlier ones stay",
            "reason=%s", fault);
        return;
    }
    pthread_mutex_lock (&self->mutex);
    tls_credentials_unref (&self->credentials);
    self->credentials = credentials;
    pthread_mutex_unlock (&self->mutex);
    self->warned_ms = 0;
    s_log_read (self, "read the certificate again");
}

void
tls_keeper_look (tls_keeper_t *self, bool is_asked)
{
    if (is_asked || tls_credentials_have_changed (&self->files, &self->traces))
        s_reload (self);
    //  Only this thread replaces the credentials.
    s_warn_of_end (self);
}

tls_credentials_t *
tls_keeper_credentials (tls_keeper_t *self)
{
    pthread_mutex_lock (&self->mutex);
    tls_credentials_t *credentials = tls_credentials_ref (self->credentials);
    pthread_mutex_unlock (&self->mutex);
    return credentials;
}

int64_t
tls_keeper_ends_s (tls_keeper_t *self)
{
    pthread_mutex_lock (&self->mutex);
    int64_t ends_s = self->credentials->ends_s;
    pthread_mutex_unlock (&self->mutex);
    return ends_s;
}

const gnutls_datum_t *
tls_keeper_ticket_key (const tls_keeper_t *self)
{
    return &self->ticket_key;
}
