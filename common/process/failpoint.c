//  SPDX-License-Identifier: Apache-2.0
#include "common/process/failpoint.h"

#include <glib.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POINTS_MAX 32
#define EXIT_STATUS 137

typedef struct {
    uint64_t sleep_ms;
    uint64_t pass;  //  the pass that acts; 0: every pass
    gint passes;
    bool is_exit;
    char name[48];
} point_t;

static point_t s_points[POINTS_MAX];
static size_t s_count;
static pthread_once_t s_once = PTHREAD_ONCE_INIT;

//  name=exit@N, name=sleep:MS, name=sleep:MS@N
static void
s_read_point (const char *text)
{
    char **halves = g_strsplit (text, "=", 2);
    if (halves[0] && halves[1] && s_count < POINTS_MAX) {
        point_t *point = &s_points[s_count++];
        const char *at = strchr (halves[1], '@');
        g_strlcpy (point->name, halves[0], sizeof point->name);
        point->is_exit = g_str_has_prefix (halves[1], "exit");
        if (g_str_has_prefix (halves[1], "sleep:"))
            point->sleep_ms = g_ascii_strtoull (halves[1] + 6, NULL, 10);
        if (at)
            point->pass = g_ascii_strtoull (at + 1, NULL, 10);
    }
    g_strfreev (halves);
}

static void
s_read_points (void)
{
    const char *value = getenv ("DOWNLINK_FAILPOINTS");
    char **points = g_strsplit (value ? value : "", ",", -1);
    for (char **point = points; *point; point++)
        s_read_point (*point);
    g_strfreev (points);
}

void
failpoint_pass (const char *name)
{
    pthread_once (&s_once, s_read_points);
    for (size_t index = 0; index < s_count; index++) {
        point_t *point = &s_points[index];
        if (strcmp (point->name, name) != 0)
            continue;
        uint64_t pass = (uint64_t) g_atomic_int_add (&point->passes, 1) + 1;
        if (point->pass && pass != point->pass)
            continue;
        if (point->is_exit)
            _exit (EXIT_STATUS);
        g_usleep (point->sleep_ms * 1000);
    }
}
