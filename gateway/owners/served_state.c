//  SPDX-License-Identifier: Apache-2.0
#include "gateway/owners/served_state.h"

#include <glib.h>
#include <pthread.h>

typedef struct {
    state_id_t state;
    int64_t first_ms;
    int64_t heard_ms;
} candidate_t;

struct served_state {
    pthread_mutex_t mutex;
    state_id_t served;  //  unknown: none is chosen
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
s_note (served_state_t *self, const state_id_t *state, int64_t now_ms)
{
    for (size_t index = 0; index < self->count; index++)
        if (state_id_equal (&self->candidates[index].state, state)) {
            self->candidates[index].heard_ms = now_ms;
            return;
        }
    if (self->count < STATE_CANDIDATES_MAX)
        self->candidates[self->count++] = (candidate_t){*state, now_ms, now_ms};
}

static state_verdict_t
s_judge (served_state_t *self, const state_id_t *state, bool is_last, int64_t now_ms)
{
    bool is_known = state_id_is_known (state);
    if (!state_id_is_known (&self->served)) {
        s_forget_silent (self, now_ms);
        if (is_known)
            s_note (self, state, now_ms);
        if (self->count == 0)
            return STATE_SERVED;  //  no processor announces a state
        bool is_time = is_last || now_ms - self->candidates[0].first_ms >= STATE_CHOICE_MS;
        if (self->count > 1 || !is_time)
            return STATE_UNDECIDED;
        self->served = self->candidates[0].state;
    }
    return state_id_equal (&self->served, state) ? STATE_SERVED : STATE_REFUSED;
}

state_verdict_t
served_state_judge (served_state_t *self, const state_id_t *state, bool is_last, int64_t now_ms)
{
    pthread_mutex_lock (&self->mutex);
    state_verdict_t verdict = s_judge (self, state, is_last, now_ms);
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
