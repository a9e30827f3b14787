//  SPDX-License-Identifier: Apache-2.0
#include "http/coding/http_encoder.h"

#include <stdint.h>
#include <zlib.h>
#include <zstd.h>

#define GZIP_WINDOW (15 + 16)  //  the largest window, with the head and the end of gzip
#define GZIP_MEMORY 8          //  the usual one
#define ZSTD_LEVEL 1

struct http_encoder {
    http_coding_t coding;
    GBytes *bytes;
    bool is_ended;
    z_stream gzip;
    ZSTD_CCtx *zstd;
    ZSTD_inBuffer in;  //  of zstd
};

http_encoder_t *
http_encoder_new (http_coding_t coding, GBytes *bytes)
{
    g_assert (coding == CODING_GZIP || coding == CODING_ZSTD);
    http_encoder_t *self = g_new0 (http_encoder_t, 1);
    self->coding = coding;
    self->bytes = g_bytes_ref (bytes);
    gsize size = 0;
    const void *data = g_bytes_get_data (bytes, &size);
    self->in = (ZSTD_inBuffer){data, size, 0};
    self->gzip = (z_stream){.next_in = (Bytef *) (uintptr_t) data, .avail_in = (uInt) size};
    if (coding == CODING_ZSTD) {
        self->zstd = ZSTD_createCCtx ();
        if (!self->zstd ||
            ZSTD_isError (ZSTD_CCtx_setParameter (self->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL)))
            g_error ("http_encoder: zstd has no memory");
        (void) !ZSTD_CCtx_setPledgedSrcSize (self->zstd, size);  //  less memory for a small body
    }
    else if (deflateInit2 (&self->gzip, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
                 Z_DEFAULT_STRATEGY) != Z_OK)
        g_error ("http_encoder: zlib has no memory");
    return self;
}

static size_t
s_read_gzip (http_encoder_t *self, void *buffer, size_t size)
{
    self->gzip.next_out = buffer;
    self->gzip.avail_out = (uInt) MIN (size, G_MAXUINT);
    uInt room = self->gzip.avail_out;
    int status = deflate (&self->gzip, Z_FINISH);
    g_assert (status == Z_STREAM_END || status == Z_OK || status == Z_BUF_ERROR);
    self->is_ended = status == Z_STREAM_END;
    return room - self->gzip.avail_out;
}

static size_t
s_read_zstd (http_encoder_t *self, void *buffer, size_t size)
{
    ZSTD_outBuffer out = {buffer, size, 0};
    size_t left = ZSTD_compressStream2 (self->zstd, &out, &self->in, ZSTD_e_end);
    if (ZSTD_isError (left))
        g_error ("http_encoder: zstd has no memory");
    self->is_ended = left == 0;
    return out.pos;
}

size_t
http_encoder_read (http_encoder_t *self, void *buffer, size_t size)
{
    size_t made = 0;
    while (made == 0 && !self->is_ended)
        made = self->coding == CODING_GZIP ? s_read_gzip (self, buffer, size)
                                           : s_read_zstd (self, buffer, size);
    return made;
}

void
http_encoder_destroy (http_encoder_t **self_p)
{
    http_encoder_t *self = *self_p;
    if (!self)
        return;
    if (self->coding == CODING_GZIP)
        (void) deflateEnd (&self->gzip);
    ZSTD_freeCCtx (self->zstd);
    g_bytes_unref (self->bytes);
    g_free (self);
    *self_p = NULL;
}
