//  SPDX-License-Identifier: Apache-2.0
#include "common/text/base64.h"

#include <stdint.h>

size_t
base64_decoded_size (size_t size)
{
    return size / 4 * 3;
}

//  Return the six bits of a character, or -1 for other characters.
static int
s_bits (char character)
{
    if (character >= 'A' && character <= 'Z')
        return character - 'A';
    if (character >= 'a' && character <= 'z')
        return character - 'a' + 26;
    if (character >= '0' && character <= '9')
        return character - '0' + 52;
    return character == '+' ? 62 : character == '/' ? 63 : -1;
}

static size_t
s_padding (text_t text)
{
    if (text.size == 0 || text.data[text.size - 1] != '=')
        return 0;
    return text.data[text.size - 2] == '=' ? 2 : 1;
}

bool
base64_decode (text_t text, char *bytes, size_t *size)
{
    if (text.size % 4 != 0)
        return false;
    size_t digits = text.size - s_padding (text);
    uint32_t open = 0;  //  bits of an incomplete byte
    unsigned count = 0;
    *size = 0;
    for (size_t at = 0; at < digits; at++) {
        int bits = s_bits (text.data[at]);
        if (bits < 0)
            return false;
        open = open << 6 | (uint32_t) bits;
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes[(*size)++] = (char) (open >> count);
            open &= (1u << count) - 1;
        }
    }
    return open == 0;
}
