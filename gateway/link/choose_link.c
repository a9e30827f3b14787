//  SPDX-License-Identifier: Apache-2.0
#include "gateway/link/choose_link.h"

#define LINK_NEW(NAME, name, ...) link_##name##_new,
static link_t *(*const s_links[]) (const link_setup_t *setup) = {BUSES (LINK_NEW)};

link_t *
choose_link (const link_setup_t *setup)
{
    return s_links[setup->choice->bus](setup);
}
