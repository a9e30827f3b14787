//  journal.sqlite: a row for every frame that was accepted and is not acknowledged, and for every
//  staged frame of an incomplete upload. A mark covers a run of staged frames; frames with a mark
//  are never sent. Deleting an upload's marks accepts the upload. One thread at a time uses a file.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_JOURNAL_FILE_H
#define DOWNLINK_JOURNAL_FILE_H

#include "common/domain/number_ranges.h"
#include "disk/sqlite_file.h"
#include "gateway/journal/record.h"

typedef struct journal_file journal_file_t;

//  Open or create a file. is_synced: a write is on disk when it returns. was_synced: so was every
//  write of the rows that the file holds already. Return NULL if the file cannot be used; then the
//  log says why.
journal_file_t *journal_file_open (const char *path, bool is_synced, bool was_synced);

void journal_file_close (journal_file_t **self_p);

//  A run of staged frames with neighbouring sequences. Each upload has a number that is unique in
//  the file.
typedef struct {
    uint64_t upload;
    number_range_t frames;
} upload_mark_t;

//  The changes of one transaction. NULL stands for an empty array.
typedef struct {
    GPtrArray *added;   //  of record_t *: accepted frames
    GPtrArray *staged;  //  of record_t *: frames of uploads
    GPtrArray *remade;  //  of record_t *: new frames in place of outdated ones
    GArray *marked;     //  of upload_mark_t: the staged frames of uploads that are not complete
    GArray *removed;    //  of number_range_t: sequences of frames to delete
    GArray *dropped;    //  of number_range_t: sequences of frames of abandoned uploads
    GArray *replaced;   //  of number_range_t: sequences of the outdated frames
    GArray *ended;      //  of uint64_t: complete or abandoned uploads, whose marks to delete
} journal_change_t;

//  Make all changes in one transaction.
file_result_t journal_file_write (journal_file_t *self, const journal_change_t *change);

//  Return true if the last write failed because the disk has no room.
bool journal_file_is_disk_full (const journal_file_t *self);

//  Return the bytes of the frame with this sequence, which the caller frees with g_free. Return
//  NULL if the frame is missing or damaged; then the log says so.
uint8_t *journal_file_read (journal_file_t *self, uint64_t sequence, size_t *size)
    __attribute__ ((warn_unused_result));

typedef struct {
    uint64_t frames;
    uint64_t messages;
    uint64_t bytes;
} journal_content_t;

//  Delete the frames and marks of uploads that never became complete. Set *frames to their count.
file_result_t journal_file_drop_uploads (journal_file_t *self, uint64_t *frames)
    __attribute__ ((warn_unused_result));

//  Read every row and check it. Return false if one is damaged; then the log says so.
bool journal_file_verify (journal_file_t *self, journal_content_t *content)
    __attribute__ ((warn_unused_result));

//  Return the sequence of the first frame above a sequence, or 0 if there is none. The file owns
//  the bytes until the next call; they are NULL if the row cannot be read.
uint64_t journal_file_next (
    journal_file_t *self, uint64_t above, const uint8_t **bytes, size_t *size, uint32_t *messages);

#endif
