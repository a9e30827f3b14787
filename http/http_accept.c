//  SPDX-License-Identifier: Apache-2.0
#include "http/http_accept.h"

#include "common/process/log.h"

#define CROWDED_MS 10000  //  between two lines about refused connections

enum MHD_Result
http_accept (void *context, const struct sockaddr *place, socklen_t size)
{
    (void) size;
    http_server_t *self = context;
    crowded_t *crowded = &self->crowded;
    client_address_t client;
    char text[CLIENT_ADDRESS_TEXT_SIZE];
    if (!client_address_of (&client, place) || http_crowds_allow (self->config.crowds, &client))
        return MHD_YES;
    crowded->count++;
    if (!log_is_due (&crowded->last_ms, CROWDED_MS))
        return MHD_NO;
    client_address_print (&client, text);
    log_event (LOG_WARN, "closed connections of a client that has too many",
        "last=%s closed=%llu "
        "advice=%s",
        text, (unsigned long long) (crowded->count - crowded->logged),
        "raise --connections-per-address if many clients share this address, or name the proxy "
        "in --trusted-proxies");
    crowded->logged = crowded->count;
    return MHD_NO;
}
