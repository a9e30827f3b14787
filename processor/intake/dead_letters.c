//  SPDX-License-Identifier: Apache-2.0
#include "processor/intake/dead_letters.h"

#include "common/process/clock.h"
#include "common/process/log.h"
#include "processor/intake/source.h"

#define RETRY_MS 1000
#define LOG_INTERVAL_MS 10000

void
dead_letters_add (dead_letters_t *self, size_t bytes)
{
    self->waiting++;
    self->bytes += bytes;
}

void
dead_letters_remove (dead_letters_t *self, size_t bytes)
{
    self->waiting--;
    self->bytes -= bytes;
}

void
dead_letters_fail (dead_letters_t *self, const char *reason)
{
    self->retry_at_ms = clock_ms () + RETRY_MS;
    if (log_is_due (&self->logged_ms, LOG_INTERVAL_MS))
        log_event (LOG_WARN, "dead letters are not delivered: they are sent again",
            "to=%s reason=%s waiting=%llu", self->place, reason,
            (unsigned long long) self->waiting);
}

bool
dead_letters_are_resting (const dead_letters_t *self)
{
    return clock_ms () < self->retry_at_ms;
}

bool
dead_letters_are_full (const dead_letters_t *self)
{
    return self && (self->waiting >= self->max || self->bytes >= DEAD_LETTERS_MAX_BYTES);
}

uint64_t
dead_letters_waiting (const dead_letters_t *self)
{
    return self ? self->waiting : 0;
}

bool
dead_letters_hold_up (const dead_letters_t *self, const shards_t *shards)
{
    return shards_unsaved (shards) >= SOURCE_UNSAVED_MAX || dead_letters_are_full (self);
}
