//  SPDX-License-Identifier: Apache-2.0
#include "common/service/patience.h"

#include <poll.h>

bool
patience_wait (const patience_t *self, int ms)
{
    struct pollfd stop = {.fd = self->stop_fd, .events = POLLIN};
    if (self->run)
        self->run (self->context);
    return poll (&stop, 1, ms) <= 0;
}
