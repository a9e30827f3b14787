//  SPDX-License-Identifier: Apache-2.0
#include "http/coding/http_coding.h"

#include <stdint.h>
#include <zlib.h>
#include <zstd.h>

#define STEP_BYTES ((size_t) 64 * 1024)
#define GZIP_WINDOW (15 + 16)   //  the largest window, with the head and the end of gzip
#define ZSTD_WINDOW_MAX_LOG 23  //  8 MiB, as RFC 9659 allows senders

static const char *const s_names[] = {
    [CODING_IDENTITY] = "identity", [CODING_GZIP] = "gzip", [CODING_ZSTD] = "zstd"};

http_coding_t
http_coding_read (const char *field)
{
    if (!field || !*field)
        return CODING_IDENTITY;
    if (g_ascii_strcasecmp (field, "x-gzip") == 0)
        return CODING_GZIP;
    for (http_coding_t coding = CODING_IDENTITY; coding < CODING_UNKNOWN; coding++)
        if (g_ascii_strcasecmp (field, s_names[coding]) == 0)
            return coding;
    return CODING_UNKNOWN;
}

const char *
http_coding_name (http_coding_t coding)
{
    return s_names[coding];
}

//  Return the most bytes that a body of this size may grow to, by the ratio alone.
static size_t
s_ratio_limit (size_t size)
{
    return size > SIZE_MAX / CODING_RATIO_MAX ? SIZE_MAX
                                              : MAX (CODING_FREE_BYTES, size * CODING_RATIO_MAX);
}

//  The bytes that are made, and their bounds.
typedef struct {
    GByteArray *out;
    size_t limit;
    size_t ratio_limit;
    size_t size;  //  made so far
} made_t;

//  Return room for the next step: one byte more than is allowed, so that the excess shows.
static size_t
s_make_room (made_t *self)
{
    size_t most = MIN (self->limit, self->ratio_limit) + 1;
    size_t step = MIN (MAX (STEP_BYTES, self->size), most - self->size);
    g_byte_array_set_size (self->out, (guint) (self->size + step));
    return step;
}

static decode_t
s_judge (const made_t *self)
{
    return self->size > self->limit         ? DECODE_TOO_LARGE
           : self->size > self->ratio_limit ? DECODE_TOO_DENSE
                                            : DECODE_DONE;
}

static decode_t
s_decode_gzip (text_t bytes, made_t *made)
{
    z_stream stream = {.next_in = (Bytef *) (uintptr_t) bytes.data, .avail_in = (uInt) bytes.size};
    if (inflateInit2 (&stream, GZIP_WINDOW) != Z_OK)
        g_error ("http_coding: zlib has no memory");
    decode_t result = DECODE_DONE;
    bool is_at_end = false;
    while (result == DECODE_DONE && !(is_at_end && stream.avail_in == 0)) {
        if (is_at_end)
            (void) inflateReset (&stream);
        size_t step = s_make_room (made);
        stream.next_out = made->out->data + made->size;
        stream.avail_out = (uInt) step;
        int status = inflate (&stream, Z_NO_FLUSH);
        made->size += step - stream.avail_out;
        is_at_end = status == Z_STREAM_END;
        result = s_judge (made);
        if (result == DECODE_DONE && status != Z_STREAM_END && status != Z_OK)
            result = DECODE_BROKEN;
    }
    (void) inflateEnd (&stream);
    return result;
}

static decode_t
s_decode_zstd (text_t bytes, made_t *made)
{
    ZSTD_DCtx *context = ZSTD_createDCtx ();
    if (!context ||
        ZSTD_isError (ZSTD_DCtx_setParameter (context, ZSTD_d_windowLogMax, ZSTD_WINDOW_MAX_LOG)))
        g_error ("http_coding: zstd has no memory");
    ZSTD_inBuffer in = {bytes.data, bytes.size, 0};
    decode_t result = DECODE_DONE;
    size_t left = 1;  //  0 at the end of a frame
    while (result == DECODE_DONE && !(left == 0 && in.pos == in.size)) {
        size_t step = s_make_room (made);
        size_t before = in.pos;
        ZSTD_outBuffer out = {made->out->data + made->size, step, 0};
        left = ZSTD_decompressStream (context, &out, &in);
        made->size += out.pos;
        result = s_judge (made);
        bool is_stuck = in.pos == before && out.pos == 0;
        if (result == DECODE_DONE && (ZSTD_isError (left) || (left > 0 && is_stuck)))
            result = DECODE_BROKEN;
    }
    ZSTD_freeDCtx (context);
    return result;
}

decode_t
http_decode (http_coding_t coding, text_t bytes, size_t limit, GByteArray *out)
{
    made_t made = {.out = out, .limit = limit, .ratio_limit = s_ratio_limit (bytes.size)};
    g_assert (coding == CODING_GZIP || coding == CODING_ZSTD);
    g_assert (limit < G_MAXUINT32 && bytes.size < G_MAXUINT32);
    decode_t result =
        coding == CODING_GZIP ? s_decode_gzip (bytes, &made) : s_decode_zstd (bytes, &made);
    g_byte_array_set_size (out, (guint) made.size);
    return result;
}
