//  GET /livez, /healthz and /readyz.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/delivery/publisher.h"
#include "gateway/intake/intake.h"
#include "gateway/owners/directory.h"
#include "gateway/state/handle_state.h"
#include "http/answers.h"

void
handle_live (const parts_t *parts, http_request_t *request, const http_target_t *target)
{
    (void) parts;
    (void) target;
    answer_json (request, 200, text_from ("{\"status\":\"alive\"}"));
}

//  Say that two states are there, and which.
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

//  Say that partitions have no owner here, and why if that is known.
static const char *
s_unowned (const parts_t *parts, char *room, size_t size)
{
    const char *unlisted = directory_unlisted (parts->directory);
    if (directory_unowned (parts->directory) == 0)
        return NULL;
    if (!unlisted)
        return "not every partition has an owner at the moment";
    g_snprintf (room, size,
        "not every partition has an owner that this gateway can reach: a processor at %s shares "
        "the state but is not in --processors; add it there and restart this gateway",
        unlisted);
    return room;
}

//  Ready is: able to accept (there is room, and P is known) and to answer (everything is owned).
void
handle_ready (const parts_t *parts, http_request_t *request, const http_target_t *target)
{
    (void) target;
    publisher_t *publisher = parts->publisher;
    char doubt[192];
    char unowned[256];
    const char *detail = s_doubt (parts, doubt, sizeof doubt);
    if (phase_get (parts->phase) != GATEWAY_RUNNING)
        detail = "this gateway is stopping";
    else if (detail)
        ;
    else if (publisher->partitions (publisher) == 0)
        detail = "no processor has announced itself yet";
    else if ((detail = s_unowned (parts, unowned, sizeof unowned)))
        ;
    else if (publisher->is_disk_full (publisher))
        detail = "the disk of the journal is full: make room on it";
    else if (intake_is_full (parts->intake) || publisher->is_full (publisher))
        detail = "the buffer is full";
    if (detail)
        answer_problem (request, 503, "not-ready", detail);
    else
        answer_json (request, 200, text_from ("{\"status\":\"ready\"}"));
}
