//  The command "curve": make the keys of an installation's links.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_CURVE_COMMAND_H
#define DOWNLINK_CURVE_COMMAND_H

#include <stdbool.h>

//  Make the keys in a directory (curve/key_maker.h), and list them on standard error. Return
//  false on failure; then standard error says why, and no file that was there has changed.
bool curve_command_run (const char *directory) __attribute__ ((warn_unused_result));

#endif
