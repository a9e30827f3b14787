//  Numbers as digits. An answer has many of them, and printf is slow. Pure functions.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_DIGITS_H
#define DOWNLINK_DIGITS_H

#include <stdint.h>

#include "common/text/text.h"

#define DIGITS_MAX 20  //  of the highest number of 64 bits, in decimal
#define DIGITS_HEX 16  //  of every number of 64 bits, in hexadecimal with zeros in front

extern const char digits_of_pairs[];  //  "00" to "99"

//  Write a number in decimal at the end of room, and return its digits.
text_t digits_decimal (uint64_t number, char room[DIGITS_MAX]);

//  Write the two digits of a number below 100.
static inline void
digits_pair (unsigned number, char pair[2])
{
    memcpy (pair, digits_of_pairs + 2 * (size_t) number, 2);
}

//  Write a number in hexadecimal, in lower case, not terminated.
void digits_hex (uint64_t number, char digits[DIGITS_HEX]);

//  Write each byte as two hexadecimal digits, and a terminator.
void digits_of_bytes (const uint8_t *bytes, size_t size, char *digits);

#endif
