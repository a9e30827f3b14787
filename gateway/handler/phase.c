//  SPDX-License-Identifier: Apache-2.0
#include "gateway/handler/phase.h"

#include <glib.h>

#include "common/process/log.h"

gateway_phase_t
phase_get (const phase_t *self)
{
    return (gateway_phase_t) atomic_load (&self->value);
}

void
phase_enter (phase_t *self, gateway_phase_t phase)
{
    g_assert (phase == phase_get (self) + 1);
    if (phase == GATEWAY_UNREADY)
        log_event (LOG_INFO, "stopping", "");
    atomic_store (&self->value, phase);
}
