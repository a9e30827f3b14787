//  GET /livez, /healthz and /readyz.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/routes.h"

void
handle_live (worker_t *worker, http_request_t *request)
{
    (void) worker;
    answer_json (request, 200, text_from ("{\"status\":\"alive\"}"));
}

//  Say that two states are there, and which.
static const char *
s_doubt (const worker_t *worker, char *room, size_t size)
{
    state_id_t doubt[2];
    char texts[2][STATE_ID_TEXT_SIZE];
    if (!directory_doubt (worker->directory, doubt))
        return NULL;
    for (size_t index = 0; index < 2; index++)
        state_id_text (&doubt[index], texts[index]);
    g_snprintf (room, size,
        "processors of two states are there, %s and %s: it cannot be told which one is to be "
        "served",
        texts[0], texts[1]);
    return room;
}

//  Say that partitions have no owner here, and why if that is known.
static const char *
s_unowned (const worker_t *worker, char *room, size_t size)
{
    const char *unlisted = directory_unlisted (worker->directory);
    if (directory_unowned (worker->directory) == 0)
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
handle_ready (worker_t *worker, http_request_t *request)
{
    char doubt[192];
    char unowned[256];
    const char *detail = s_doubt (worker, doubt, sizeof doubt);
    if (atomic_load (worker->phase) != 0)
        detail = "this gateway is stopping";
    else if (detail)
        ;
    else if (worker->publisher->partitions (worker->publisher) == 0)
        detail = "no processor has announced itself yet";
    else if ((detail = s_unowned (worker, unowned, sizeof unowned)))
        ;
    else if (worker->publisher->is_disk_full (worker->publisher))
        detail = "the disk of the journal is full: make room on it";
    else if (!g_queue_is_empty (worker->waiting) || worker->publisher->is_full (worker->publisher))
        detail = "the buffer is full";
    if (detail)
        answer_problem (request, 503, "not-ready", detail);
    else
        answer_json (request, 200, text_from ("{\"status\":\"ready\"}"));
}
