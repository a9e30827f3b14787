//  The checksum that a stored rocket carries, so that a bit that flips on disk is noticed.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_ROW_CHECKSUM_H
#define DOWNLINK_ROW_CHECKSUM_H

#include "common/domain/rocket.h"

//  XXH3 over all members in a canonical form; the same on every machine and in every release.
int64_t row_checksum (const rocket_view_t *rocket);

#endif
