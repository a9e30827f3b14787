//  The journal directory: a slot for each journal, locked by the worker that writes the journal.
//  The kernel drops the lock when the process dies. So the gateway of an unlocked slot is gone, and
//  other gateways inherit its frames.
//
//    journal-dir/lock                 held while a process takes slots
//    journal-dir/slot-0000/lock       held as long as the slot is in use; contains fsync or os
//    journal-dir/slot-0000/journal.sqlite
//
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_SLOT_H
#define DOWNLINK_SLOT_H

#include <glib.h>
#include <stdbool.h>

typedef struct slot slot_t;

//  Create and lock a slot, and the directory if it is missing. Return NULL on failure; then the log
//  says why. The slot stores is_synced for the gateway that inherits it.
slot_t *slot_new (const char *directory, bool is_synced);

//  Lock every unused slot, and return those that hold a journal (slot_t *); the caller owns them.
//  may_wait: create the directory if it is missing, and wait for other processes that take slots.
//  Without may_wait, return no slots while another process takes some. Return NULL if the directory
//  cannot be read; then the log says why.
GPtrArray *slot_take_over_all (const char *directory, bool may_wait);

const char *slot_path (const slot_t *self);

//  Return the path of the journal file. The caller frees it with g_free.
char *slot_journal_path (const slot_t *self);

//  Return true if the journal of an inherited slot was written with fsync.
bool slot_was_synced (const slot_t *self);

//  Unlock a slot and leave it to others.
void slot_release (slot_t **self_p);

//  Remove a slot with its journal, which must be closed.
void slot_remove (slot_t **self_p);

//  Remove a slot if its journal, which must be closed, is empty. Else release the slot.
void slot_leave (slot_t **self_p, bool is_empty);

#endif
