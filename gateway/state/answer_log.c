//  SPDX-License-Identifier: Apache-2.0
#include "gateway/state/answer_log.h"

#include <glib.h>
#include <string.h>

#include "common/process/clock.h"
#include "common/process/log.h"

#define SHOWN_SIZE 200  //  bytes of a client's text in the log, with the terminator

bool
answer_log_may (answer_log_t *self, int64_t now_ms)
{
    if (now_ms / 1000 != self->second) {
        self->second = now_ms / 1000;
        self->logged = 0;
    }
    if (self->logged < REFUSALS_PER_SECOND) {
        self->logged++;
        return true;
    }
    self->left_out++;
    return false;
}

//  Copy the beginning of a text, up to a given byte, without bytes that could confuse a log.
static void
s_show (const char *text, char end, char shown[SHOWN_SIZE])
{
    size_t size = 0;
    for (; size < SHOWN_SIZE - 1 && text[size] && text[size] != end; size++) {
        unsigned char byte = (unsigned char) text[size];
        shown[size] = byte < ' ' || byte == 0x7f ? '?' : text[size];
    }
    shown[size] = 0;
}

//  Return true for problems that are normal in daily work.
static bool
s_is_ordinary (const char *problem)
{
    return !problem || strcmp (problem, "no-rocket") == 0 || strcmp (problem, "not-ready") == 0;
}

void
answer_log (answer_log_t *self, const proxy_rules_t *proxies, http_request_t *request,
    unsigned status, const char *problem, int64_t us)
{
    bool is_ordinary = s_is_ordinary (problem);
    log_level_t level = is_ordinary ? LOG_DEBUG : status < 500 ? LOG_INFO : LOG_WARN;
    if (!log_shows (level) || (!is_ordinary && !answer_log_may (self, clock_ms ())))
        return;
    if (self->left_out > 0)
        log_event (LOG_WARN, "refusals were not logged, there were too many", "refusals=%llu",
            (unsigned long long) self->left_out);
    self->left_out = 0;
    char method[SHOWN_SIZE];
    char target[SHOWN_SIZE];
    char client[CLIENT_ADDRESS_TEXT_SIZE];
    caller_t caller = caller_find (proxies, request);
    client_address_print (&caller.address, client);
    s_show (http_request_method (request), '\0', method);
    s_show (http_request_target (request), '?', target);  //  a query may hold a token, by mistake
    log_event (level, is_ordinary ? "answered" : "request refused",
        "method=%s target=%s status=%u problem=%s request_id=%s us=%lld client=%s", method, target,
        status, problem ? problem : "none", http_request_id (request), (long long) us, client);
}
