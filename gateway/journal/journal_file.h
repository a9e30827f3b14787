//  journal.sqlite: a row for every frame that was accepted and is not known to be applied; and
//  frames of uploads that are not whole yet, with a mark for each run of them. Taking an upload's
//  marks out is what accepts it: as long as one is there, its frames are nobody's. One thread at a
//  time uses a file.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_JOURNAL_FILE_H
#define DOWNLINK_JOURNAL_FILE_H

#include "common/domain/number_ranges.h"
#include "disk/sqlite_file.h"
#include "gateway/journal/record.h"

typedef struct journal_file journal_file_t;

//  Open, or make. is_synced: a write is on disk when it is done; was_synced: so were the writes
//  that are in it. NULL if it cannot be used; then the log says why.
journal_file_t *journal_file_open (const char *path, bool is_synced, bool was_synced);

void journal_file_close (journal_file_t **self_p);

//  Frames of an upload that is not whole, of neighbouring sequences. Uploads are known by a number
//  that is never used again in a file.
typedef struct {
    uint64_t upload;
    number_range_t frames;
} upload_mark_t;

//  The changes of one transaction. NULL stands for an empty array.
typedef struct {
    GPtrArray *added;   //  of record_t *: accepted frames
    GPtrArray *staged;  //  of record_t *: frames of uploads
    GArray *marked;     //  of upload_mark_t: the staged frames of uploads that are not complete
    GArray *removed;    //  of number_range_t: sequences of frames to delete
    GArray *dropped;    //  of number_range_t: likewise, of uploads that were given up
    GArray *ended;      //  of uint64_t: uploads whose marks to delete: complete, or given up
} journal_change_t;

//  Make all changes in one transaction.
file_result_t journal_file_write (journal_file_t *self, const journal_change_t *change);

//  Return true if the last write failed because the disk has no room.
bool journal_file_is_disk_full (const journal_file_t *self);

//  The frame of that sequence, to free with g_free. NULL if it is not there or is damaged; then the
//  log says so.
uint8_t *journal_file_read (journal_file_t *self, uint64_t sequence, size_t *size)
    __attribute__ ((warn_unused_result));

typedef struct {
    uint64_t frames;
    uint64_t messages;
    uint64_t bytes;
} journal_content_t;

//  Take out what uploads that never became whole have left. *frames says how many there were.
file_result_t journal_file_drop_uploads (journal_file_t *self, uint64_t *frames)
    __attribute__ ((warn_unused_result));

//  Read every row, and see that it is as it was written. False if not; then the log says so.
bool journal_file_verify (journal_file_t *self, journal_content_t *content)
    __attribute__ ((warn_unused_result));

//  The first frame above a sequence: its sequence, or 0 if there is none. The bytes are the file's,
//  good until the next call; NULL if the row cannot be read.
uint64_t journal_file_next (
    journal_file_t *self, uint64_t above, const uint8_t **bytes, size_t *size, uint32_t *messages);

#endif
