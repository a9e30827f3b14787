//  GET /livez, /healthz and /readyz.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/delivery/publisher.h"
#include "gateway/intake/intake.h"
#include "gateway/link/link.h"
#include "gateway/owners/directory.h"
#include "gateway/state/handle_state.h"
#include "http/answers.h"

void
handle_live (const parts_t *parts, http_request_t *request, const http_target_t *target)
{
    (void) parts;
    (void) target;
    answer_json (request, 200, text_from ("{\"status\":\"alive\"}\n"));
}

//  Write that two states exist, and name both.
static const char *
s_doubt (const parts_t *parts, char *room, size_t size)
{
    state_id_t doubt[2];
    char texts[2][STATE_ID_TEXT_SIZE];
    if (!directory_doubt (parts->directory, doubt))
        return NULL;
    for (size_t index = 0; index < 2; index++)
        state_id_text (&doubt[index], texts[index]);
    g_snprintf (room, size,
        "processors of two states are there, %s and %s, and this gateway cannot tell which one to "
        "serve: stop the processors of one",
        texts[0], texts[1]);
    return room;
}

//  Write that partitions have no owner, and the reason if it is known.
static const char *
s_unowned (const parts_t *parts, char *room, size_t size)
{
    const char *unlisted = directory_unlisted (parts->directory);
    if (directory_unowned (parts->directory) == 0)
        return NULL;
    if (!unlisted)
        return "not every partition has an owner";
    g_snprintf (room, size,
        "not every partition has an owner that this gateway can reach: a processor at %s shares "
        "the state but is not in --processors; add it there and restart this gateway",
        unlisted);
    return room;
}

//  Return the reason why this gateway cannot accept messages, or NULL.
static const char *
s_cannot_accept (const parts_t *parts)
{
    publisher_t *publisher = parts->publisher;
    link_condition_t bus = parts->link->condition (parts->link);
    if (bus.fault)
        return bus.fault;
    if (bus.is_away && !publisher->is_durable (publisher))
        return "the bus is away, and there is no journal in which messages could wait "
               "(--journal=off)";
    if (publisher->layout (publisher).partitions == 0)
        return bus.is_away ? "the bus is away, and no processor has announced itself yet"
                           : "no processor has announced itself yet";
    if (publisher->is_disk_full (publisher))
        return "the disk of the journal is full: make room on it";
    if (intake_is_full (parts->intake) || publisher->is_full (publisher))
        return "the buffer is full";
    return NULL;
}

//  Answer 200 if this gateway can accept messages and every partition has an owner.
void
handle_ready (const parts_t *parts, http_request_t *request, const http_target_t *target)
{
    (void) target;
    char room[256];
    const char *detail = NULL;
    if (phase_get (parts->phase) != GATEWAY_RUNNING)
        detail = "this gateway is stopping";
    if (!detail)
        detail = s_doubt (parts, room, sizeof room);
    if (!detail && parts->publisher->layout (parts->publisher).partitions > 0)
        detail = s_unowned (parts, room, sizeof room);
    if (!detail)
        detail = s_cannot_accept (parts);
    if (detail)
        answer_problem (request, 503, "not-ready", detail);
    else
        answer_json (request, 200, text_from ("{\"status\":\"ready\"}\n"));
}
