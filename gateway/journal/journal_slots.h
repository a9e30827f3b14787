//  The journal directory: a slot for each journal, locked by the worker that writes it. The kernel
//  drops the lock when its process dies, so an unlocked slot is one whose gateway is gone, and what
//  it holds is for others to send.
//
//    journal-dir/lock                 held for the moment in which slots are taken
//    journal-dir/slot-0000/lock       held as long as the slot is in use; says fsync or os
//    journal-dir/slot-0000/journal.sqlite
//
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_JOURNAL_SLOTS_H
#define DOWNLINK_JOURNAL_SLOTS_H

#include <glib.h>
#include <stdbool.h>

typedef struct slot slot_t;

//  Make a new slot, and lock it; the directory too, if it is not there. NULL if that cannot be;
//  then the log says why. is_synced is told to whoever takes it over.
slot_t *slot_new (const char *directory, bool is_synced);

//  Lock every slot that nobody uses, and give those that hold a journal: of slot_t *, the caller's.
//  may_wait: make the directory if it is not there, and wait for other processes that take slots;
//  else there are no slots while another process takes some. NULL if the directory cannot be read;
//  then the log says why.
GPtrArray *slots_take_over (const char *directory, bool may_wait);

const char *slot_path (const slot_t *self);

//  To be freed with g_free.
char *slot_journal_path (const slot_t *self);

//  How the journal in a slot that was taken over was written.
bool slot_was_synced (const slot_t *self);

//  Unlock it and leave it to others.
void slot_release (slot_t **self_p);

//  Remove the slot with its journal, which must be closed.
void slot_remove (slot_t **self_p);

#endif
