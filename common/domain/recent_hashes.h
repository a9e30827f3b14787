//  The content hashes of a rocket's messages with the highest numbers, to tell a repeat from a
//  conflict: the numbers in (last_number - RECENT_HASHES, last_number]. The rocket keeps
//  last_number and passes it to every call. 0 stands for an unknown hash.
//
//  Memory grows with the numbers: none for a rocket that was only launched, half from number 2 on,
//  all from number RECENT_HASHES / 2 on.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_RECENT_HASHES_H
#define DOWNLINK_RECENT_HASHES_H

#include <stdbool.h>
#include <stdint.h>

#define RECENT_HASHES 16
#define RECENT_HASHES_FEW 2

//  Zeroed memory is right for a last_number of 0. Embed it by value; free it with
//  recent_hashes_clear.
typedef union {
    uint32_t few[RECENT_HASHES_FEW];
    uint32_t *many;
} recent_hashes_t;

//  Raise the highest number to number, and set its hash.
void recent_hashes_raise (
    recent_hashes_t *self, uint64_t last_number, uint64_t number, uint32_t hash);

//  Return true if the hash of a number up to the highest is kept.
bool recent_hashes_covers (uint64_t last_number, uint64_t number);

//  Set the hash of a number that recent_hashes_covers.
void recent_hashes_set (
    recent_hashes_t *self, uint64_t last_number, uint64_t number, uint32_t hash);

//  Return the hash of a number up to the highest; 0 if it is unknown.
uint32_t recent_hashes_get (const recent_hashes_t *self, uint64_t last_number, uint64_t number);

//  Write all hashes, each at its number modulo RECENT_HASHES.
void recent_hashes_list (
    const recent_hashes_t *self, uint64_t last_number, uint32_t hashes[RECENT_HASHES]);

//  Fill an empty object from such a list, which has no hash above the highest number.
void recent_hashes_assign (
    recent_hashes_t *self, uint64_t last_number, const uint32_t hashes[RECENT_HASHES]);

//  Free the memory and start again at a last_number of 0.
void recent_hashes_clear (recent_hashes_t *self, uint64_t last_number);

#endif
