//  SPDX-License-Identifier: Apache-2.0
#include "gateway/owners/claims.h"

#include <glib.h>

static bool
s_is_same (const claim_t *claim, const uint8_t *processor)
{
    return memcmp (claim->processor, processor, PROCESSOR_ID_SIZE) == 0;
}

//  Return the highest plausible epoch.
static uint64_t
s_limit (const claims_t *self, int64_t now_ms)
{
    if (self->epoch == 0)
        return CLAIM_EPOCH_MAX;
    uint64_t takes = (uint64_t) MAX (0, now_ms - self->judged_ms) / CLAIM_TAKE_MS;
    return MIN (CLAIM_EPOCH_MAX, self->epoch + CLAIM_JUMP_MAX + takes);
}

//  Return the index of the plausible claim with the highest epoch; count if there is none. Under
//  one epoch prefer the last owner, else the first claim.
static size_t
s_find_highest (const claims_t *self, const claim_t *claims, size_t count, uint64_t limit)
{
    size_t best = count;
    for (size_t index = 0; index < count; index++) {
        const claim_t *claim = &claims[index];
        if (claim->epoch == 0 || claim->epoch > limit)
            continue;
        if (best == count || claim->epoch > claims[best].epoch ||
            (claim->epoch == claims[best].epoch && claim->epoch == self->epoch &&
                s_is_same (claim, self->processor)))
            best = index;
    }
    return best;
}

static void
s_believe (claims_t *self, const claim_t *claim, int64_t now_ms)
{
    if (self->epoch != claim->epoch || !s_is_same (claim, self->processor))
        self->since_ms = now_ms;
    self->epoch = claim->epoch;
    self->judged_ms = now_ms;
    memcpy (self->processor, claim->processor, PROCESSOR_ID_SIZE);
}

claims_verdict_t
claims_judge (claims_t *self, const claim_t *claims, size_t count, int64_t now_ms)
{
    claims_verdict_t verdict = {.winner = count};
    uint64_t limit = s_limit (self, now_ms);
    size_t best = s_find_highest (self, claims, count, limit);
    bool is_owner = best < count && claims[best].epoch == self->epoch &&
                    s_is_same (&claims[best], self->processor);
    bool is_believed = best < count;
    for (size_t index = 0; index < count; index++) {
        const claim_t *claim = &claims[index];
        verdict.implausible += claim->epoch > limit;
        if (best == count || claim->epoch > limit || s_is_same (claim, claims[best].processor))
            continue;
        bool is_tie = claim->epoch == claims[best].epoch;
        bool is_stale = is_owner && claim->heard_ms > self->since_ms + CLAIM_GRACE_MS;
        bool is_far = self->epoch == 0 && claims[best].epoch - claim->epoch > CLAIM_JUMP_MAX;
        verdict.is_contested = verdict.is_contested || is_tie || is_stale || is_far;
        //  Without a last owner, either claim may be the right one.
        is_believed = is_believed && !is_far && (!is_tie || is_owner);
    }
    if (is_believed) {
        s_believe (self, &claims[best], now_ms);
        verdict.winner = best;
    }
    return verdict;
}
