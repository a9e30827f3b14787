//  The checksum of a stored rocket, which detects a bit that flips on disk.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ROW_CHECKSUM_H
#define DOWNLINK_ROW_CHECKSUM_H

#include "common/domain/rocket.h"

//  Return XXH3 of all members in a canonical form; the same on every machine and in every release.
int64_t row_checksum (const rocket_view_t *rocket);

#endif
