//  SPDX-License-Identifier: Apache-2.0
#include "common/process/descriptors.h"

#include <stdio.h>
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

bool
descriptors_suffice (const char *program, uint64_t needed)
{
    uint64_t limit = descriptors_raise ();
    if (limit < needed)
        fprintf (stderr,
            "%s: only %llu files and sockets may be open, %llu are needed: raise the hard limit "
            "(ulimit "
            "-Hn)\n",
            program, (unsigned long long) limit, (unsigned long long) needed);
    return limit >= needed;
}
