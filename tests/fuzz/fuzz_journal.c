//  Fuzz a damaged journal: a line with the size of journal.sqlite in decimal, its bytes, and those
//  of its write-ahead log. Whatever they are, a gateway refuses the journal or takes its frames one
//  by one, in rising order, to an end.
//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/frame.h"
#include "disk/wal_check.h"
#include "gateway/journal/journal_file.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/scratch.h"

#define NAME "journal.sqlite"

//  Take in the frames as a gateway does that inherits them.
static void
s_take_frames (journal_file_t *file)
{
    frame_t frame = {0};
    const uint8_t *bytes = NULL;
    size_t size = 0;
    uint32_t messages = 0;
    uint64_t last = 0;
    uint64_t sequence = 0;
    uint64_t frames = 0;
    journal_content_t content;
    bool is_good = journal_file_verify (file, &content);
    while ((sequence = journal_file_next (file, last, &bytes, &size, &messages)) && bytes) {
        g_assert (sequence > last);
        const char *fault = frame_read (&frame, bytes, size);
        g_assert (fault || frame.count > 0);
        last = sequence;
        frames++;
        //  It stops at a damaged row.
    }
    g_assert (!is_good || (sequence == 0 && frames == content.frames));
    frame_free (&frame);
}

static void
s_open (const char *path, bool was_synced)
{
    journal_file_t *file = journal_file_open (path, false, was_synced);
    uint64_t dropped = 0;
    size_t size = 0;
    if (!file)
        return;
    s_take_frames (file);
    (void) !journal_file_drop_uploads (file, &dropped);
    g_free (journal_file_read (file, 1, &size));
    journal_file_close (&file);
}

//  A log that was cut anywhere is never taken for damaged: power may go at any time.
static void
s_cut_log (text_t log)
{
    if (wal_check (input_file (log)) != WAL_WHOLE)
        return;
    for (size_t part = 1; part < 8; part++) {
        wal_t state = wal_check (input_file (text_of (log.data, log.size * part / 8)));
        g_assert (state == WAL_WHOLE || state == WAL_TORN);
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    input_t input = {data, size};
    char *number = input_string (input_line (&input));
    text_t bytes = input_rest (&input);
    size_t file_size = MIN (g_ascii_strtoull (number, NULL, 10), bytes.size);
    text_t log = text_of (bytes.data + file_size, bytes.size - file_size);
    char *path = scratch_write (NAME, text_of (bytes.data, file_size));
    g_free (scratch_write (NAME "-wal", log));
    s_open (path, true);
    g_free (path);
    path = scratch_write (NAME, text_of (bytes.data, file_size));
    g_free (scratch_write (NAME "-wal", log));
    s_open (path, false);
    s_cut_log (log);
    g_free (path);
    g_free (number);
    return 0;
}
