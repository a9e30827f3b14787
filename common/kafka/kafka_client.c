//  SPDX-License-Identifier: Apache-2.0
#include "common/kafka/kafka_client.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "common/process/log.h"
#include "common/process/thread.h"

#define FAULT_SIZE 512
#define SYSLOG_WARNING 4  //  syslog.h has other meanings for our names of levels

//  Log some lines of librdkafka only at level debug. Each attempt to connect to a broker that is
//  away gives a line, but our own lines say when it goes and comes back. A setting for the other
//  kind of client is no fault. Neither is an end with unsent records, since their sender keeps
//  them.
static bool
s_is_noise (const char *facility, const char *line)
{
    return g_str_equal (facility, "FAIL") || g_str_equal (facility, "ERROR") ||
           g_str_equal (facility, "TERMINATE") ||
           (g_str_equal (facility, "CONFWARN") && strstr (line, "will be ignored"));
}

//  While this thread makes a client: the text that librdkafka writes about its fault. Else NULL.
static _Thread_local const char *s_making;

//  End the process, as librdkafka cannot start a thread of a new client: it would abort at once,
//  wait for ever for other threads of the client, or never find a broker. While a client runs this
//  is an ordinary fault: librdkafka tries again as it asks for the brokers again.
static void
s_end_without_thread (void)
{
    thread_complain ("librdkafka", EAGAIN);
    log_exit ();
}

static rd_kafka_resp_err_t
s_on_destroy (rd_kafka_t *client, void *context)
{
    (void) client;
    (void) context;
    if (s_making && strstr (s_making, "Failed to create thread"))
        s_end_without_thread ();
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

//  Have librdkafka call s_on_destroy as it gives a client up. Its signature is librdkafka's.
//  NOLINTBEGIN(readability-non-const-parameter)
static rd_kafka_resp_err_t
s_on_new (rd_kafka_t *client, const rd_kafka_conf_t *settings, void *context, char *fault,
    size_t fault_size)
{
    (void) settings;
    (void) fault;
    (void) fault_size;
    return rd_kafka_interceptor_add_on_destroy (client, "downlink", s_on_destroy, context);
}
//  NOLINTEND(readability-non-const-parameter)

//  Log a line of librdkafka. Its threads call this function.
static void
s_log (const rd_kafka_t *client, int level, const char *facility, const char *line)
{
    (void) client;
    if (s_making && g_str_equal (facility, "THREAD"))
        s_end_without_thread ();
    log_level_t shown = LOG_DEBUG;
    if (level <= SYSLOG_WARNING && !s_is_noise (facility, line))
        shown = LOG_WARN;
    log_event (shown, "librdkafka", "facility=%s line=%s", facility, line);
}

static bool
s_set_all (rd_kafka_conf_t *settings, const kafka_setting_t *list)
{
    char fault[FAULT_SIZE];
    for (const kafka_setting_t *setting = list; setting->name; setting++)
        if (rd_kafka_conf_set (settings, setting->name, setting->value, fault, sizeof fault) !=
            RD_KAFKA_CONF_OK) {
            log_event (LOG_ERROR, "librdkafka does not take a setting", "setting=%s reason=%s",
                setting->name, fault);
            return false;
        }
    return true;
}

static bool
s_is_in (const kafka_setting_t *list, const char *name)
{
    for (const kafka_setting_t *setting = list; setting->name; setting++)
        if (g_str_equal (setting->name, name))
            return true;
    return false;
}

static bool
s_set_from_file (
    rd_kafka_conf_t *settings, const bus_settings_t *config, const kafka_setting_t *fixed)
{
    char fault[FAULT_SIZE];  //  it may hold the value, a secret
    for (size_t index = 0; index < bus_settings_count (config); index++) {
        const char *name = bus_settings_name (config, index);
        const char *reason = NULL;
        if (s_is_in (fixed, name))
            reason = "this program sets it itself";
        else
            switch (rd_kafka_conf_set (
                settings, name, bus_settings_value (config, index), fault, sizeof fault)) {
            case RD_KAFKA_CONF_UNKNOWN:
                reason = "librdkafka does not know it";
                break;
            case RD_KAFKA_CONF_INVALID:
                reason = "librdkafka does not take its value";
                break;
            case RD_KAFKA_CONF_OK:
                break;
            }
        if (!reason)
            continue;
        return bus_settings_refuse (config, index, reason);
    }
    return true;
}

rd_kafka_conf_t *
kafka_client_settings (
    const bus_settings_t *config, const kafka_setting_t *defaults, const kafka_setting_t *fixed)
{
    rd_kafka_conf_t *settings = rd_kafka_conf_new ();
    rd_kafka_conf_set_log_cb (settings, s_log);
    (void) rd_kafka_conf_interceptor_add_on_new (settings, "downlink", s_on_new, NULL);
    if (!s_set_all (settings, defaults) || !s_set_from_file (settings, config, fixed) ||
        !s_set_all (settings, fixed)) {
        rd_kafka_conf_destroy (settings);
        return NULL;
    }
    return settings;
}

rd_kafka_t *
kafka_client_new (rd_kafka_type_t kind, rd_kafka_conf_t *settings)
{
    char fault[FAULT_SIZE] = "";
    s_making = fault;
    rd_kafka_t *client = rd_kafka_new (kind, settings, fault, sizeof fault);
    s_making = NULL;
    if (!client) {
        log_event (LOG_ERROR, "cannot make a client of Kafka", "reason=%s", fault);
        rd_kafka_conf_destroy (settings);
    }
    return client;
}
