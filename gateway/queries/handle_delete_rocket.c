//  First ask whether the rocket exists, then ask its owner to remove it. A removal may be repeated,
//  also at another owner.
//  SPDX-License-Identifier: Apache-2.0
#include "gateway/queries/handle_delete_rocket.h"

#include "common/process/clock.h"
#include "common/process/log.h"
#include "gateway/queries/asker.h"
#include "gateway/queries/handle_get_rockets.h"
#include "http/answers.h"

//  The asker ends an inquiry earlier. This bound makes sure that no request is held for ever.
#define HOLD_MS (2 * (ASKER_ROCKET_MS + ASKER_FORGET_MS))

typedef struct {
    const parts_t *parts;
    http_request_t *request;
    inquiry_t *inquiry;
    char *id;
} removal_t;

static void
s_free (removal_t *removal)
{
    g_free (removal->id);
    g_free (removal);
}

static void
s_give_up (removal_t *removal, bool is_busy)
{
    answer_no_owner (removal->parts, removal->request, is_busy);
    s_free (removal);
}

//  The client is gone, or the time is over.
static void
s_expired (void *context, http_request_t *request)
{
    (void) request;
    removal_t *removal = context;
    asker_cancel (removal->parts->asker, removal->inquiry);
    s_give_up (removal, true);
}

//  A 404 means that a new owner has not received the messages of the rocket yet.
static void
s_removed (void *context, const outcome_t *outcome)
{
    removal_t *removal = context;
    if (outcome->status != 200) {
        s_give_up (removal, outcome->is_busy);
        return;
    }
    log_event (LOG_INFO, "a rocket was removed", "id=%s request_id=%s", removal->id,
        http_request_id (removal->request));
    http_answer (removal->request, &(http_response_t){.status = 204});
    s_free (removal);
}

static void
s_found (void *context, const outcome_t *outcome)
{
    removal_t *removal = context;
    if (outcome->status == 200)
        removal->inquiry =
            asker_forget (removal->parts->asker, text_from (removal->id), s_removed, removal);
    else if (outcome->status == 404) {
        answer_problem (removal->request, 404, "no-rocket", "there is no rocket of this id");
        s_free (removal);
    }
    else
        s_give_up (removal, outcome->is_busy);
}

void
handle_delete_rocket (const parts_t *parts, http_request_t *request, const http_target_t *target)
{
    char *id = rocket_path_read_id (request, target);
    if (!id)
        return;
    removal_t *removal = g_new0 (removal_t, 1);
    *removal = (removal_t){.parts = parts, .request = request, .id = id};
    http_hold (request, clock_ms () + HOLD_MS, s_expired, removal);
    removal->inquiry = asker_rocket (parts->asker, text_from (id), s_found, removal);
}
