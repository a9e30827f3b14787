//  SPDX-License-Identifier: Apache-2.0
#include "common/process/process_usage.h"

#include <glib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

//  Fields of /proc/self/stat, counted as proc(5) does; the first two are the id and the name.
#define FIELD_USER_TIME 14
#define FIELD_SYSTEM_TIME 15
#define FIELD_THREADS 20
#define FIELD_START_TIME 22
#define FIELD_VIRTUAL 23
#define FIELD_RESIDENT 24

static double
s_seconds (clockid_t clock)
{
    struct timespec now;
    clock_gettime (clock, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static void
s_read_stat (process_usage_t *self)
{
    char *text = NULL;
    if (!g_file_get_contents ("/proc/self/stat", &text, NULL, NULL))
        return;
    //  The name is in parentheses, and may hold spaces and parentheses.
    const char *behind_name = strrchr (text, ')');
    char **fields = g_strsplit (behind_name ? behind_name + 1 : "", " ", -1);
    if (g_strv_length (fields) > FIELD_RESIDENT - 2) {
        double ticks = (double) sysconf (_SC_CLK_TCK);
#define FIELD(number) g_ascii_strtoull (fields[(number) -2], NULL, 10)
        self->cpu_seconds = (double) (FIELD (FIELD_USER_TIME) + FIELD (FIELD_SYSTEM_TIME)) / ticks;
        self->threads = FIELD (FIELD_THREADS);
        self->virtual_bytes = FIELD (FIELD_VIRTUAL);
        self->resident_bytes = FIELD (FIELD_RESIDENT) * (uint64_t) sysconf (_SC_PAGESIZE);
        double age = s_seconds (CLOCK_BOOTTIME) - (double) FIELD (FIELD_START_TIME) / ticks;
        self->start_seconds = s_seconds (CLOCK_REALTIME) - age;
#undef FIELD
    }
    g_strfreev (fields);
    g_free (text);
}

//  Newer kernels give the number as the directory's size; with older ones count the names.
static uint64_t
s_count_descriptors (void)
{
    struct stat status;
    if (stat ("/proc/self/fd", &status) == 0 && status.st_size > 0)
        return (uint64_t) status.st_size;
    uint64_t count = 0;
    GDir *directory = g_dir_open ("/proc/self/fd", 0, NULL);
    while (directory && g_dir_read_name (directory))
        count++;
    if (directory)
        g_dir_close (directory);
    //  One of them belongs to this directory.
    return count > 0 ? count - 1 : 0;
}

void
process_usage_read (process_usage_t *self)
{
    struct rlimit limit;
    memset (self, 0, sizeof *self);
    s_read_stat (self);
    self->open_descriptors = s_count_descriptors ();
    if (getrlimit (RLIMIT_NOFILE, &limit) == 0)
        self->max_descriptors = (uint64_t) limit.rlim_cur;
}
