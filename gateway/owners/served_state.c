//  SPDX-License-Identifier: Apache-2.0
#include "gateway/owners/served_state.h"

#include <glib.h>
#include <pthread.h>

typedef struct {
    state_id_t state;
    state_ancestors_t ancestors;
    int64_t first_ms;
    int64_t heard_ms;
} candidate_t;

struct served_state {
    pthread_mutex_t mutex;
    state_id_t served;  //  unknown: none is chosen
    int64_t served_heard_ms;
    candidate_t candidates[STATE_CANDIDATES_MAX];
    size_t count;
};

served_state_t *
served_state_new (void)
{
    served_state_t *self = g_new0 (served_state_t, 1);
    pthread_mutex_init (&self->mutex, NULL);
    return self;
}

void
served_state_destroy (served_state_t **self_p)
{
    served_state_t *self = *self_p;
    if (!self)
        return;
    pthread_mutex_destroy (&self->mutex);
    g_free (self);
    *self_p = NULL;
}

static void
s_forget_silent (served_state_t *self, int64_t now_ms)
{
    size_t kept = 0;
    for (size_t index = 0; index < self->count; index++)
        if (now_ms - self->candidates[index].heard_ms < STATE_SILENCE_MS)
            self->candidates[kept++] = self->candidates[index];
    self->count = kept;
}

static void
s_note (served_state_t *self, const state_id_t *state, const state_ancestors_t *ancestors,
    int64_t now_ms)
{
    for (size_t index = 0; index < self->count; index++)
        if (state_id_equal (&self->candidates[index].state, state)) {
            self->candidates[index].heard_ms = now_ms;
            return;
        }
    if (self->count < STATE_CANDIDATES_MAX)
        self->candidates[self->count++] = (candidate_t){*state, *ancestors, now_ms, now_ms};
}

//  Return the only candidate, or the candidate that descends from all others; NULL if none does.
static const candidate_t *
s_choose (const served_state_t *self)
{
    for (size_t index = 0; index < self->count; index++) {
        const candidate_t *one = &self->candidates[index];
        bool is_chosen = true;
        for (size_t other = 0; other < self->count; other++)
            is_chosen = is_chosen && (other == index || state_ancestors_has (&one->ancestors,
                                                            &self->candidates[other].state));
        if (is_chosen)
            return one;
    }
    return NULL;
}

//  Judge a processor while no state is chosen.
static state_verdict_t
s_judge_at_first (served_state_t *self, const state_id_t *state, const state_ancestors_t *ancestors,
    bool is_last, int64_t now_ms)
{
    s_forget_silent (self, now_ms);
    if (state_id_is_known (state))
        s_note (self, state, ancestors, now_ms);
    if (self->count == 0)
        return STATE_SERVED;  //  no processor announces a state
    bool is_time = is_last || now_ms - self->candidates[0].first_ms >= STATE_CHOICE_MS;
    const candidate_t *chosen = is_time ? s_choose (self) : NULL;
    if (!chosen)
        return STATE_UNDECIDED;
    self->served = chosen->state;
    self->served_heard_ms = chosen->heard_ms;
    return state_id_equal (&self->served, state) ? STATE_SERVED : STATE_REFUSED;
}

static state_verdict_t
s_judge (served_state_t *self, const state_id_t *state, const state_ancestors_t *ancestors,
    bool is_last, int64_t now_ms)
{
    if (!state_id_is_known (&self->served))
        return s_judge_at_first (self, state, ancestors, is_last, now_ms);
    if (!state_id_equal (&self->served, state)) {
        if (!state_ancestors_has (ancestors, &self->served))
            return STATE_REFUSED;
        if (now_ms - self->served_heard_ms < STATE_SILENCE_MS)
            return STATE_UNDECIDED;
        self->served = *state;
    }
    self->served_heard_ms = now_ms;
    return STATE_SERVED;
}

state_verdict_t
served_state_judge (served_state_t *self, const state_id_t *state,
    const state_ancestors_t *ancestors, bool is_last, int64_t now_ms)
{
    pthread_mutex_lock (&self->mutex);
    state_verdict_t verdict = s_judge (self, state, ancestors, is_last, now_ms);
    pthread_mutex_unlock (&self->mutex);
    return verdict;
}

state_id_t
served_state_get (served_state_t *self)
{
    pthread_mutex_lock (&self->mutex);
    state_id_t served = self->served;
    pthread_mutex_unlock (&self->mutex);
    return served;
}

bool
served_state_doubt (served_state_t *self, state_id_t doubt[2], int64_t now_ms)
{
    pthread_mutex_lock (&self->mutex);
    s_forget_silent (self, now_ms);
    bool is_doubt = !state_id_is_known (&self->served) && self->count > 1;
    for (size_t index = 0; is_doubt && index < 2; index++)
        doubt[index] = self->candidates[index].state;
    pthread_mutex_unlock (&self->mutex);
    return is_doubt;
}
