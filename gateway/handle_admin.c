//  GET /livez, /healthz and /readyz.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/routes.h"

void
handle_live (worker_t *worker, http_request_t *request)
{
    (void) worker;
    answer_json (request, 200, text_from ("{\"status\":\"alive\"}"));
}

//  Ready is: able to accept (there is room, and P is known) and to answer (everything is owned).
void
handle_ready (worker_t *worker, http_request_t *request)
{
    const char *detail = NULL;
    if (atomic_load (worker->phase) != 0)
        detail = "this gateway is stopping";
    else if (worker->publisher->partitions (worker->publisher) == 0)
        detail = "no processor has announced itself yet";
    else if (directory_unowned (worker->directory) > 0)
        detail = "not every partition has an owner at the moment";
    else if (!g_queue_is_empty (worker->waiting) || worker->publisher->is_full (worker->publisher))
        detail = "the buffer is full";
    if (detail)
        answer_problem (request, 503, "not-ready", detail);
    else
        answer_json (request, 200, text_from ("{\"status\":\"ready\"}"));
}
