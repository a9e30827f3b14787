//  Write decimal digits two at a time, which halves the divisions.
//  SPDX-License-Identifier: Apache-2.0
#include "common/text/digits.h"

const char digits_of_pairs[] = "00010203040506070809"
                               "10111213141516171819"
                               "20212223242526272829"
                               "30313233343536373839"
                               "40414243444546474849"
                               "50515253545556575859"
                               "60616263646566676869"
                               "70717273747576777879"
                               "80818283848586878889"
                               "90919293949596979899";

static const char s_hex[] = "0123456789abcdef";

text_t
digits_decimal (uint64_t number, char room[DIGITS_MAX])
{
    char *at = room + DIGITS_MAX;
    for (; number >= 100; number /= 100) {
        at -= 2;
        digits_pair ((unsigned) (number % 100), at);
    }
    if (number >= 10) {
        at -= 2;
        digits_pair ((unsigned) number, at);
    }
    else
        *--at = (char) ('0' + number);
    return text_of (at, (size_t) (room + DIGITS_MAX - at));
}

void
digits_hex (uint64_t number, char digits[DIGITS_HEX])
{
    for (size_t place = DIGITS_HEX; place > 0; place--) {
        digits[place - 1] = s_hex[number & 15];
        number >>= 4;
    }
}

void
digits_of_bytes (const uint8_t *bytes, size_t size, char *digits)
{
    for (size_t index = 0; index < size; index++) {
        *digits++ = s_hex[bytes[index] >> 4];
        *digits++ = s_hex[bytes[index] & 15];
    }
    *digits = 0;
}
