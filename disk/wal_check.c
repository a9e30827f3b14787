//  The checksum of a frame continues from the stored checksum of the frame before it. So frames
//  behind a bad frame can still be verified. A writer begins a transaction when the previous one is
//  on disk. So if a good frame behind the first bad one begins a transaction, the bad frame was on
//  disk and is damaged now. Without such a frame, a power cut may have ended the last write.
//  SPDX-License-Identifier: Apache-2.0
#include "disk/wal_check.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define HEADER_SIZE 32
#define FRAME_HEADER_SIZE 24
#define MAGIC 0x377f0682U  //  with the lowest bit set, checksums read words as big-endian

typedef struct {
    uint32_t one;
    uint32_t two;
} checksum_t;

typedef struct {
    FILE *file;
    bool is_big_endian;
    size_t frame_size;
    uint8_t salts[8];
    checksum_t running;
} wal_reader_t;

typedef struct {
    bool is_ours;    //  written since the log last started at its beginning
    bool is_good;    //  ours, and its checksum is right
    bool is_commit;  //  the last frame of a transaction
} wal_frame_t;

static uint32_t
s_big (const uint8_t *bytes)
{
    return (uint32_t) bytes[0] << 24 | (uint32_t) bytes[1] << 16 | (uint32_t) bytes[2] << 8 |
           bytes[3];
}

static uint32_t
s_little (const uint8_t *bytes)
{
    return (uint32_t) bytes[3] << 24 | (uint32_t) bytes[2] << 16 | (uint32_t) bytes[1] << 8 |
           bytes[0];
}

static checksum_t
s_checksum (const wal_reader_t *self, checksum_t sum, const uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at < size; at += 8) {
        sum.one += (self->is_big_endian ? s_big (bytes + at) : s_little (bytes + at)) + sum.two;
        sum.two +=
            (self->is_big_endian ? s_big (bytes + at + 4) : s_little (bytes + at + 4)) + sum.one;
    }
    return sum;
}

static checksum_t
s_stored (const uint8_t *bytes)
{
    return (checksum_t){s_big (bytes), s_big (bytes + 4)};
}

static bool
s_equal (checksum_t a, checksum_t b)
{
    return a.one == b.one && a.two == b.two;
}

static bool
s_is_zero (const uint8_t *bytes, size_t size)
{
    bool is_zero = true;
    for (size_t index = 0; index < size; index++)
        is_zero = is_zero && bytes[index] == 0;
    return is_zero;
}

static bool
s_read_header (wal_reader_t *self, const uint8_t *header)
{
    self->is_big_endian = (s_big (header) & 1) != 0;
    uint32_t page_size = s_big (header + 8);
    self->running = s_checksum (self, (checksum_t){0, 0}, header, 24);
    memcpy (self->salts, header + 16, sizeof self->salts);
    self->frame_size = FRAME_HEADER_SIZE + page_size;
    bool is_power_of_two = (page_size & (page_size - 1)) == 0;
    return (s_big (header) & ~1U) == MAGIC && page_size >= 512 && page_size <= 65536 &&
           is_power_of_two && s_equal (self->running, s_stored (header + 24));
}

static bool
s_read_frame (wal_reader_t *self, uint8_t *bytes, wal_frame_t *frame)
{
    if (fread (bytes, 1, self->frame_size, self->file) != self->frame_size)
        return false;
    checksum_t sum = s_checksum (self, self->running, bytes, 8);
    sum = s_checksum (self, sum, bytes + FRAME_HEADER_SIZE, self->frame_size - FRAME_HEADER_SIZE);
    frame->is_ours = memcmp (bytes + 8, self->salts, sizeof self->salts) == 0;
    frame->is_good = frame->is_ours && s_equal (sum, s_stored (bytes + 16));
    frame->is_commit = s_big (bytes + 4) != 0;
    //  The next frame continues from the stored checksum, right or wrong.
    self->running = s_stored (bytes + 16);
    return true;
}

static wal_t
s_check_frames (wal_reader_t *self)
{
    uint8_t *bytes = g_malloc (self->frame_size);
    wal_frame_t frame = {0};
    bool is_over = false;  //  SQLite stops reading at the first bad frame
    bool is_torn = false;
    bool is_damaged = false;
    while (!is_damaged) {
        bool follows_commit = frame.is_commit;
        if (!s_read_frame (self, bytes, &frame))
            break;
        is_damaged = is_over && frame.is_good && follows_commit;
        is_over = is_over || !frame.is_good;
        is_torn = is_torn || (is_over && frame.is_ours);
    }
    g_free (bytes);
    return is_damaged ? WAL_DAMAGED : is_torn ? WAL_TORN : WAL_WHOLE;
}

wal_t
wal_check (const char *path)
{
    uint8_t header[HEADER_SIZE];
    wal_reader_t reader = {.file = fopen (path, "rbe")};
    if (!reader.file)
        return errno == ENOENT ? WAL_WHOLE : WAL_UNREADABLE;
    wal_t state = WAL_WHOLE;
    if (fread (header, 1, sizeof header, reader.file) == sizeof header &&
        !s_is_zero (header, sizeof header))
        state = s_read_header (&reader, header) ? s_check_frames (&reader) : WAL_DAMAGED;
    if (ferror (reader.file))
        state = WAL_UNREADABLE;
    fclose (reader.file);
    //  stdio does not promise errno here. A file that opens and cannot be read means a bad disk.
    if (state == WAL_UNREADABLE)
        errno = EIO;
    return state;
}
