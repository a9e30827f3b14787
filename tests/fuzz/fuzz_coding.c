//  Fuzz encoded bodies: gzip if the first byte is 'g', else zstd. The decoded bytes stay within the
//  limit and the ratio, and those that are encoded again decode to themselves. Accept-Encoding is
//  in fuzz_field.c.
//  SPDX-License-Identifier: Apache-2.0
#include "http/coding/http_encoder.h"
#include "tests/fuzz/input.h"

#define LIMIT ((size_t) 4 * 1024 * 1024)
#define STEP 700  //  bytes that a connection takes

static void
s_encode_again (http_coding_t coding, const GByteArray *decoded)
{
    GBytes *bytes = g_bytes_new (decoded->data, decoded->len);
    http_encoder_t *encoder = http_encoder_new (coding, bytes);
    GByteArray *encoded = g_byte_array_new ();
    GByteArray *again = g_byte_array_new ();
    guint8 step[STEP];
    for (size_t size = 0; (size = http_encoder_read (encoder, step, sizeof step)) > 0;)
        g_byte_array_append (encoded, step, (guint) size);
    decode_t result =
        http_decode (coding, text_of ((const char *) encoded->data, encoded->len), LIMIT, again);
    g_assert (result == DECODE_DONE || result == DECODE_TOO_DENSE);
    if (result == DECODE_DONE)
        g_assert (again->len == decoded->len &&
                  (again->len == 0 || memcmp (again->data, decoded->data, again->len) == 0));
    http_encoder_destroy (&encoder);
    g_bytes_unref (bytes);
    g_byte_array_unref (encoded);
    g_byte_array_unref (again);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    input_t input = {data, size};
    http_coding_t coding = input_byte (&input) == 'g' ? CODING_GZIP : CODING_ZSTD;
    GByteArray *decoded = g_byte_array_new ();
    text_t bytes = input_rest (&input);
    decode_t result = http_decode (coding, bytes, LIMIT, decoded);
    size_t most = MAX (CODING_FREE_BYTES, bytes.size * CODING_RATIO_MAX);
    if (result == DECODE_DONE) {
        g_assert (decoded->len <= LIMIT && decoded->len <= most);
        s_encode_again (coding, decoded);
    }
    //  One byte more shows the excess.
    g_assert (decoded->len <= MIN (LIMIT, most) + 1);
    g_byte_array_unref (decoded);
    return 0;
}
