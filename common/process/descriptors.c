//  SPDX-License-Identifier: Apache-2.0
#include "common/process/descriptors.h"

#include <sys/resource.h>

#define DESCRIPTORS_USUAL 1024  //  if the limit cannot be read

uint64_t
descriptors_raise (void)
{
    struct rlimit limit;
    if (getrlimit (RLIMIT_NOFILE, &limit) != 0)
        return DESCRIPTORS_USUAL;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit (RLIMIT_NOFILE, &limit) != 0)
        getrlimit (RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}
