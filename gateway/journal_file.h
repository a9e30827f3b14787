//  journal.sqlite: a row for every frame that was accepted and is not known to be applied.
//  One thread at a time uses a file.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_JOURNAL_FILE_H
#define DOWNLINK_JOURNAL_FILE_H

#include "common/number_ranges.h"
#include "disk/sqlite_file.h"
#include "gateway/record.h"

typedef struct journal_file journal_file_t;

//  Open, or make. is_synced: a write is on disk when it is done; was_synced: so were the writes that
//  are in it. NULL if it cannot be used; then the log says why.
journal_file_t *journal_file_open (const char *path, bool is_synced, bool was_synced);

void journal_file_close (journal_file_t **self_p);

//  In one transaction: put frames in, take frames out by their sequences.
file_result_t journal_file_write (journal_file_t *self, record_t *const *added, size_t added_count,
    const number_range_t *removed, size_t removed_count);

//  The frame of that sequence, to free with g_free. NULL if it is not there or is damaged; then the
//  log says so.
uint8_t *journal_file_read (journal_file_t *self, uint64_t sequence, size_t *size)
    __attribute__ ((warn_unused_result));

typedef struct {
    uint64_t frames;
    uint64_t messages;
    uint64_t bytes;
} journal_content_t;

//  Read every row, and see that it is as it was written. False if not; then the log says so.
bool journal_file_verify (journal_file_t *self, journal_content_t *content)
    __attribute__ ((warn_unused_result));

//  The first frame above a sequence: its sequence, or 0 if there is none. The bytes are the file's,
//  good until the next call; NULL if the row cannot be read.
uint64_t journal_file_next (
    journal_file_t *self, uint64_t above, const uint8_t **bytes, size_t *size, uint32_t *messages);

#endif
