//  Kept frames over a link that carries before it saves: only its own word lets a frame go.
//  SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "common/process/clock.h"
#include "gateway/delivery/kept.h"

#define PARTITION 2

static worker_metrics_t s_metrics;
static link_ear_t s_ear;
static unsigned s_sendings;
static const peer_t s_peer;
static receipt_t *s_receipt;

static void
s_hear (link_t *self, const link_ear_t *ear)
{
    (void) self;
    s_ear = *ear;
}

static layout_t
s_layout (const link_t *self)
{
    (void) self;
    return (layout_t){4, PARTITIONER_MURMUR2};
}

static uint64_t
s_session (const link_t *self, uint32_t partition)
{
    (void) self;
    (void) partition;
    return 1;
}

static bool
s_send (link_t *self, record_t *record)
{
    (void) self;
    (void) record;
    s_sendings++;
    return true;
}

static bool
s_believes (const link_t *self, const peer_t *peer, uint32_t partition, const record_t *record)
{
    (void) self;
    (void) peer;
    (void) partition;
    (void) record;
    return true;
}

static link_t s_link = {.hear = s_hear,
    .layout = s_layout,
    .session = s_session,
    .send = s_send,
    .believes = s_believes};

//  Make an object with one frame, the first, that was sent.
static kept_t *
s_new (void)
{
    s_metrics = (worker_metrics_t){0};
    s_sendings = 0;
    kept_t *kept = kept_new (&s_metrics, true);
    kept_set_link (kept, &s_link);
    s_receipt = receipt_new (false);
    receipt_decide (s_receipt, RECEIPT_KEPT);
    receipt_add_frame (s_receipt);
    receipt_close (s_receipt);
    record_t *record = g_new0 (record_t, 1);
    *record = (record_t){.sequence = 1,
        .digest = 7,
        .bytes = g_malloc0 (8),
        .size = 8,
        .partition = PARTITION,
        .layout = s_layout (NULL),
        .messages = 3,
        .receipt = receipt_ref (s_receipt)};
    kept_add (kept, record, clock_us ());
    kept_run (kept, clock_us (), false);
    cr_assert_eq (s_sendings, 1);
    return kept;
}

static void
s_acknowledge (kept_t *kept)
{
    uint64_t digest = GUINT64_TO_BE (7);
    kept_acknowledge (kept, &s_peer, 1, 1, &digest);
}

//  Expect these kept, saved and reported messages, and free all.
static void
s_expect (kept_t *kept, size_t count, uint64_t saved, receipt_outcome_t outcome)
{
    GArray *removed = kept_removed (kept);
    cr_expect_eq (kept_count (kept), count);
    cr_expect_eq (removed->len, 1 - count, "the journal has what is kept");
    cr_expect_eq (counter_get (&s_metrics.saved), saved);
    cr_expect_eq (receipt_outcome (s_receipt), outcome);
    kept_destroy (&kept);
    receipt_unref (&s_receipt);
}

Test (kept, a_carried_frame_is_let_go_and_applied_when_its_ack_comes)
{
    kept_t *kept = s_new ();
    s_ear.carried (s_ear.context, 1);
    cr_expect_eq (kept_count (kept), 0);
    cr_expect_eq (receipt_outcome (s_receipt), RECEIPT_KEPT);
    s_acknowledge (kept);
    s_expect (kept, 0, 3, RECEIPT_APPLIED);
}

Test (kept, an_ack_may_come_first)
{
    kept_t *kept = s_new ();
    s_acknowledge (kept);
    cr_expect_eq (kept_count (kept), 1);
    s_ear.carried (s_ear.context, 1);
    s_expect (kept, 0, 3, RECEIPT_APPLIED);
}

//  The bus has the last message of the frame, and not all others.
Test (kept, an_ack_alone_does_not_let_a_frame_go)
{
    kept_t *kept = s_new ();
    s_acknowledge (kept);
    s_ear.returned (s_ear.context, 1, false);
    kept_run (kept, clock_us (), false);
    cr_expect_eq (s_sendings, 2, "it is sent again");
    s_acknowledge (kept);
    s_expect (kept, 1, 0, RECEIPT_KEPT);
}

Test (kept, nobody_is_told_by_an_ack_that_may_be_of_a_part)
{
    kept_t *kept = s_new ();
    s_ear.returned (s_ear.context, 1, false);
    kept_run (kept, clock_us (), false);
    s_acknowledge (kept);
    s_ear.carried (s_ear.context, 1);
    s_acknowledge (kept);
    s_expect (kept, 0, 3, RECEIPT_KEPT);
}
