//  SPDX-License-Identifier: Apache-2.0
#include "gateway/delivery/inherit.h"

#include <glib.h>

#include "common/process/clock.h"
#include "common/process/failpoint.h"
#include "common/process/log.h"
#include "common/process/watchdog.h"
#include "gateway/journal/journal_file.h"
#include "gateway/journal/slot.h"

#define PIECE_BYTES (2 * 1024 * 1024)
#define LOOK_INTERVAL_MS 5000

//  A journal to inherit.
typedef struct {
    slot_t *slot;
    journal_file_t *file;
    journal_content_t left;  //  not yet taken
    uint64_t taken_up_to;    //  the last sequence taken
    uint64_t removed_up_to;
} legacy_t;

struct inheritance {
    char *directory;
    GQueue *legacies;      //  of legacy_t *; the first is being taken
    GHashTable *unusable;  //  paths of damaged slots, each logged once
    batch_t *batch;
    frame_t frame;
    receipt_t *receipt;       //  of the last piece, until its outcome is known
    journal_content_t piece;  //  of that piece
    uint64_t piece_above;     //  the sequence before its first frame
    int64_t look_at_ms;
};

static void
s_free_legacy (legacy_t *legacy, bool is_empty)
{
    journal_file_close (&legacy->file);
    slot_leave (&legacy->slot, is_empty);
    g_free (legacy);
}

//  Check the whole file before changing it. Return FILE_FAILED if it cannot be changed now.
static file_result_t
s_verify (legacy_t *legacy, const char *path)
{
    uint64_t frames = 0;
    if (!journal_file_verify (legacy->file, &legacy->left))
        return FILE_BROKEN;
    file_result_t dropped = journal_file_drop_uploads (legacy->file, &frames);
    if (dropped != FILE_DONE)
        return dropped;
    if (frames > 0)
        log_event (LOG_INFO, "removed the frames of uploads that never completed",
            "file=%s frames=%llu", path, (unsigned long long) frames);
    return frames == 0 || journal_file_verify (legacy->file, &legacy->left) ? FILE_DONE
                                                                            : FILE_BROKEN;
}

//  Open the journal in a slot. Take the slot. Return NULL if the journal cannot be used; *result
//  FILE_FAILED: try again later.
static legacy_t *
s_open (slot_t *slot, file_result_t *result)
{
    char *path = slot_journal_path (slot);
    legacy_t *legacy = g_new0 (legacy_t, 1);
    legacy->slot = slot;
    watchdog_rest ();  //  checking a large file takes long
    FAILPOINT ("take-over");
    //  No fsync: if the power fails, deleted frames come back and are deleted again.
    legacy->file = journal_file_open (path, false, slot_was_synced (slot));
    *result = legacy->file ? s_verify (legacy, path) : FILE_BROKEN;
    if (*result == FILE_DONE && legacy->left.frames > 0)
        log_event (LOG_INFO, "taking over the journal of another gateway",
            "file=%s frames=%llu messages=%llu", path, (unsigned long long) legacy->left.frames,
            (unsigned long long) legacy->left.messages);
    g_free (path);
    if (*result == FILE_DONE)
        return legacy;
    s_free_legacy (legacy, false);
    return NULL;
}

//  Inherit the unused slots. Return false if one cannot be used.
static bool
s_look (inheritance_t *self)
{
    bool good = true;
    bool is_first = self->look_at_ms == 0;
    self->look_at_ms = clock_ms () + LOOK_INTERVAL_MS;
    GPtrArray *slots = slot_take_over_all (self->directory, is_first);
    if (!slots)
        return false;
    for (guint index = 0; index < slots->len; index++) {
        slot_t *slot = slots->pdata[index];
        if (g_hash_table_contains (self->unusable, slot_path (slot))) {
            slot_release (&slot);
            continue;
        }
        char *path = g_strdup (slot_path (slot));
        file_result_t result = FILE_BROKEN;
        legacy_t *legacy = s_open (slot, &result);
        if (legacy)
            g_queue_push_tail (self->legacies, legacy);
        if (result == FILE_BROKEN) {
            g_hash_table_add (self->unusable, g_steal_pointer (&path));
            good = false;
        }
        g_free (path);
    }
    g_ptr_array_unref (slots);
    return good;
}

inheritance_t *
inheritance_new (const char *directory)
{
    inheritance_t *self = g_new0 (inheritance_t, 1);
    self->directory = g_strdup (directory);
    self->legacies = g_queue_new ();
    self->unusable = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    self->batch = batch_new ();
    if (!s_look (self))
        inheritance_destroy (&self);
    return self;
}

void
inheritance_destroy (inheritance_t **self_p)
{
    inheritance_t *self = *self_p;
    if (!self)
        return;
    legacy_t *legacy;
    while ((legacy = g_queue_pop_head (self->legacies)))
        s_free_legacy (legacy, false);
    g_queue_free (self->legacies);
    g_hash_table_destroy (self->unusable);
    batch_destroy (&self->batch);
    frame_free (&self->frame);
    receipt_unref (&self->receipt);
    g_free (self->directory);
    g_free (self);
    *self_p = NULL;
}

uint64_t
inheritance_messages (const inheritance_t *self)
{
    uint64_t messages = 0;
    for (const GList *link = self->legacies->head; link; link = link->next)
        messages += ((const legacy_t *) link->data)->left.messages;
    return messages;
}

uint64_t
inheritance_bytes (const inheritance_t *self)
{
    uint64_t bytes = 0;
    for (const GList *link = self->legacies->head; link; link = link->next)
        bytes += ((const legacy_t *) link->data)->left.bytes;
    return bytes;
}

//  The file was whole when it was opened, so the disk has failed. A new start checks it again.
static void __attribute__ ((noreturn)) s_stop (const legacy_t *legacy, const char *fault)
{
    log_event (LOG_ERROR, "a journal that was taken over is broken: stopping", "slot=%s fault=%s",
        slot_path (legacy->slot), fault);
    log_exit ();
}

//  Read the next piece into the batch. Return false if nothing is left.
static bool
s_read_piece (inheritance_t *self, legacy_t *legacy, layout_t layout)
{
    batch_reset (self->batch, layout);
    self->piece = (journal_content_t){0};
    self->piece_above = legacy->taken_up_to;
    while (self->piece.bytes < PIECE_BYTES) {
        const uint8_t *bytes = NULL;
        size_t size = 0;
        uint32_t messages = 0;
        uint64_t sequence =
            journal_file_next (legacy->file, legacy->taken_up_to, &bytes, &size, &messages);
        if (sequence == 0)
            break;
        const char *fault = bytes ? frame_read (&self->frame, bytes, size) : "damaged";
        //  It was verified when it was opened, so the disk has changed it.
        if (fault)
            s_stop (legacy, fault);
        for (uint32_t index = 0; index < self->frame.count; index++)
            batch_add (self->batch, &self->frame.messages[index]);
        legacy->taken_up_to = sequence;
        self->piece.frames++;
        self->piece.messages += messages;
        self->piece.bytes += size;
    }
    legacy->left.frames -= self->piece.frames;
    legacy->left.messages -= self->piece.messages;
    legacy->left.bytes -= self->piece.bytes;
    return self->piece.frames > 0;
}

//  Check the outcome of the last piece. Return false while it is unknown.
static bool
s_settle (inheritance_t *self)
{
    if (!self->receipt)
        return true;
    legacy_t *legacy = g_queue_peek_head (self->legacies);
    receipt_outcome_t outcome = receipt_outcome (self->receipt);
    if (outcome == RECEIPT_PENDING)
        return false;
    if (outcome == RECEIPT_REFUSED) {
        legacy->taken_up_to = self->piece_above;
        legacy->left.frames += self->piece.frames;
        legacy->left.messages += self->piece.messages;
        legacy->left.bytes += self->piece.bytes;
    }
    else {
        //  If the delete fails and this process dies, the messages are sent twice and count once.
        number_range_t taken = {legacy->removed_up_to, legacy->taken_up_to};
        GArray *removed = g_array_new (FALSE, FALSE, sizeof taken);
        g_array_append_val (removed, taken);
        file_result_t result =
            journal_file_write (legacy->file, &(journal_change_t){.removed = removed});
        g_array_unref (removed);
        if (result == FILE_BROKEN)
            s_stop (legacy, "it cannot be written");
        if (result == FILE_DONE)
            legacy->removed_up_to = legacy->taken_up_to;
    }
    receipt_unref (&self->receipt);
    return true;
}

void
inheritance_run (
    inheritance_t *self, layout_t layout, bool may_take, inheritance_take_fn *take, void *context)
{
    if (!s_settle (self))
        return;
    if (g_queue_is_empty (self->legacies) && clock_ms () >= self->look_at_ms)
        (void) s_look (self);
    legacy_t *legacy = g_queue_peek_head (self->legacies);
    if (!legacy || !may_take)
        return;
    if (s_read_piece (self, legacy, layout)) {
        self->receipt = take (context, self->batch);
        return;
    }
    g_queue_pop_head (self->legacies);
    s_free_legacy (legacy, true);
}
