//  SPDX-License-Identifier: Apache-2.0
#include "keygen/curve_command.h"

#include <stdio.h>

#include "curve/key_maker.h"

bool
curve_command_run (const char *directory)
{
    char fault[KEY_DIRECTORY_FAULT_SIZE];
    if (!key_maker_run (directory, fault)) {
        fprintf (stderr, "downlink-keygen: %s\n", fault);
        return false;
    }
    fprintf (stderr,
        "downlink-keygen: the keys are in %s: gateway.key, processor.key and query.key are secret; "
        "peers lists the public ones. Each host needs peers, and the secret keys of its "
        "programs.\n",
        directory);
    return true;
}
