//  Copy a string eight bytes at a time. Few strings need escapes; those are then written once more.
//  SPDX-License-Identifier: Apache-2.0
#include "common/bytes/json_put.h"

#include "common/text/digits.h"

//  The form of each byte in a string: 0: unchanged, 'u': its number, else \ and this letter.
static inline char
s_escape (char byte)
{
    static const char controls[] = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu";
    if ((uint8_t) byte < ' ')
        return controls[(uint8_t) byte];
    return (char) (byte == '"' || byte == '\\' ? byte : 0);
}

//  Return true if one of eight bytes needs an escape. A subtraction borrows into the highest bit of
//  a byte that is smaller than the subtrahend; the first such byte is exact.
static inline bool
s_is_one_special (uint64_t bytes)
{
    const uint64_t ones = 0x0101010101010101;
    uint64_t quotes = bytes ^ ones * '"';
    uint64_t backslashes = bytes ^ ones * '\\';
    uint64_t found = ((bytes - ones * ' ') & ~bytes) | ((quotes - ones) & ~quotes) |
                     ((backslashes - ones) & ~backslashes);
    return (found & ones * 0x80) != 0;
}

//  Copy eight bytes. Return true if one of them needs an escape.
static inline bool
s_copy_eight (char *to, const char *from)
{
    uint64_t bytes = 0;
    memcpy (&bytes, from, sizeof bytes);
    memcpy (to, &bytes, sizeof bytes);
    return s_is_one_special (bytes);
}

//  Copy four to seven bytes, some of them twice. Return true if one of them needs an escape.
static inline bool
s_copy_four_to_seven (char *to, const char *from, size_t size)
{
    uint32_t first = 0;
    uint32_t last = 0;
    memcpy (&first, from, sizeof first);
    memcpy (&last, from + size - sizeof last, sizeof last);
    memcpy (to, &first, sizeof first);
    memcpy (to + size - sizeof last, &last, sizeof last);
    return s_is_one_special ((uint64_t) first << 32 | last);
}

//  Copy a text unchanged. Return true if a byte needs an escape.
static inline bool
s_copy_plain (char *to, text_t text)
{
    bool is_special = false;
    if (text.size >= 8) {
        size_t last = text.size - 8;
        for (size_t at = 0; at < last; at += 8)
            is_special |= s_copy_eight (to + at, text.data + at);
        return is_special | s_copy_eight (to + last, text.data + last);
    }
    if (text.size >= 4)
        return s_copy_four_to_seven (to, text.data, text.size);
    for (size_t at = 0; at < text.size; at++) {
        to[at] = text.data[at];
        is_special |= s_escape (text.data[at]) != 0;
    }
    return is_special;
}

static char *
s_put_escaped (char *at, char byte)
{
    char escape = s_escape (byte);
    if (!escape) {
        *at = byte;
        return at + 1;
    }
    *at++ = '\\';
    *at++ = escape;
    if (escape != 'u')
        return at;
    *at++ = '0';
    *at++ = '0';
    *at++ = "0123456789ABCDEF"[(uint8_t) byte >> 4];
    *at++ = "0123456789ABCDEF"[(uint8_t) byte & 15];
    return at;
}

//  Write a string with escapes. It is apart from json_put_string, which then saves fewer registers.
static __attribute__ ((noinline)) char *
s_put_special (char *at, text_t text)
{
    for (size_t index = 0; index < text.size; index++)
        at = s_put_escaped (at, text.data[index]);
    *at = '"';
    return at + 1;
}

char *
json_put_string (char *at, text_t text)
{
    *at++ = '"';
    if (s_copy_plain (at, text))
        return s_put_special (at, text);
    at[text.size] = '"';
    return at + text.size + 1;
}

char *
json_put_uint (char *at, uint64_t value)
{
    char room[DIGITS_MAX];
    return json_put_raw (at, digits_decimal (value, room));
}

char *
json_put_int (char *at, int64_t value)
{
    if (value >= 0)
        return json_put_uint (at, (uint64_t) value);
    *at = '-';
    return json_put_uint (at + 1, -(uint64_t) value);
}
