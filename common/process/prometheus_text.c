//  SPDX-License-Identifier: Apache-2.0
#include "common/process/prometheus_text.h"

#include <glib.h>

#include "common/process/process_usage.h"

//  The bounds of a histogram are powers of two, from 64 microseconds to 17 seconds: every one of
//  them is the start of one of our buckets, so the counts are exact.
#define BOUND_MIN_SHIFT 6
#define BOUND_MAX_SHIFT 24

struct prometheus_text {
    const char *prefix;
    const char *name;  //  the current metric
    GString *text;
};

prometheus_text_t *
prometheus_text_new (const char *prefix)
{
    prometheus_text_t *self = g_new0 (prometheus_text_t, 1);
    self->prefix = prefix;
    self->text = g_string_sized_new (16384);
    return self;
}

void
prometheus_text_destroy (prometheus_text_t **self_p)
{
    prometheus_text_t *self = *self_p;
    if (!self)
        return;
    g_string_free (self->text, TRUE);
    g_free (self);
    *self_p = NULL;
}

void
prometheus_begin (
    prometheus_text_t *self, prometheus_kind_t kind, const char *name, const char *help)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};
    self->name = name;
    g_string_append_printf (self->text, "# HELP %s%s %s\n# TYPE %s%s %s\n", self->prefix, name,
        help, self->prefix, name, kinds[kind]);
}

static void
s_add_label (GString *text, char before, const char *name, const char *value)
{
    if (!name)
        return;
    g_string_append_printf (text, "%c%s=\"", before, name);
    for (const char *at = value; *at; at++) {
        if (*at == '"' || *at == '\\')
            g_string_append_c (text, '\\');
        if (*at == '\n')
            g_string_append (text, "\\n");
        else
            g_string_append_c (text, *at);
    }
    g_string_append_c (text, '"');
}

static void
s_add_name (prometheus_text_t *self, labels_t labels)
{
    g_string_append_printf (self->text, "%s%s", self->prefix, self->name);
    s_add_label (self->text, '{', labels.name, labels.value);
    s_add_label (self->text, ',', labels.second_name, labels.second_value);
    if (labels.name)
        g_string_append_c (self->text, '}');
}

//  Use a point in every locale.
static void
s_add_real (GString *text, double number)
{
    char digits[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append (text, g_ascii_formatd (digits, sizeof digits, "%.15g", number));
}

void
prometheus_count (prometheus_text_t *self, uint64_t number, labels_t labels)
{
    s_add_name (self, labels);
    g_string_append_printf (self->text, " %" G_GUINT64_FORMAT "\n", number);
}

void
prometheus_real (prometheus_text_t *self, double number, labels_t labels)
{
    s_add_name (self, labels);
    g_string_append_c (self->text, ' ');
    s_add_real (self->text, number);
    g_string_append_c (self->text, '\n');
}

void
prometheus_single (prometheus_text_t *self, prometheus_kind_t kind, const char *name,
    const char *help, uint64_t number)
{
    prometheus_begin (self, kind, name, help);
    prometheus_count (self, number, no_labels ());
}

static void
s_add_bucket (prometheus_text_t *self, const char *bound, uint64_t count)
{
    g_string_append_printf (self->text, "%s%s_bucket{le=\"%s\"} %" G_GUINT64_FORMAT "\n",
        self->prefix, self->name, bound, count);
}

void
prometheus_durations (
    prometheus_text_t *self, const char *name, const char *help, const durations_t *durations)
{
    prometheus_begin (self, PROMETHEUS_HISTOGRAM, name, help);
    uint64_t count = 0;
    unsigned bucket = 0;
    for (unsigned shift = BOUND_MIN_SHIFT; shift <= BOUND_MAX_SHIFT; shift++) {
        char bound[G_ASCII_DTOSTR_BUF_SIZE];
        for (; bucket < histogram_bucket (1ull << shift); bucket++)
            count += durations->buckets[bucket];
        g_ascii_formatd (bound, sizeof bound, "%.9g", (double) (1ull << shift) / 1e6);
        s_add_bucket (self, bound, count);
    }
    uint64_t all = durations_count (durations);
    s_add_bucket (self, "+Inf", all);
    g_string_append_printf (self->text, "%s%s_sum ", self->prefix, name);
    s_add_real (self->text, (double) durations->sum_us / 1e6);
    g_string_append_printf (
        self->text, "\n%s%s_count %" G_GUINT64_FORMAT "\n", self->prefix, name, all);
}

static void
s_add_single_real (prometheus_text_t *self, prometheus_kind_t kind, const char *name,
    const char *help, double number)
{
    prometheus_begin (self, kind, name, help);
    prometheus_real (self, number, no_labels ());
}

void
prometheus_process (prometheus_text_t *self)
{
    process_usage_t usage;
    process_usage_read (&usage);
    prometheus_begin (self, PROMETHEUS_GAUGE, "build_info", "Always 1; the version is a label.");
    prometheus_count (self, 1, one_label ("version", DOWNLINK_VERSION));
    const char *prefix = self->prefix;
    self->prefix = "process_";
    s_add_single_real (self, PROMETHEUS_COUNTER, "cpu_seconds_total",
        "Time that this process has spent on the processors, in user and system mode.",
        usage.cpu_seconds);
    s_add_single_real (self, PROMETHEUS_GAUGE, "start_time_seconds",
        "When this process was started, in seconds since 1970.", usage.start_seconds);
    prometheus_single (self, PROMETHEUS_GAUGE, "resident_memory_bytes",
        "Memory of this process that is in RAM.", usage.resident_bytes);
    prometheus_single (self, PROMETHEUS_GAUGE, "virtual_memory_bytes",
        "Address space of this process.", usage.virtual_bytes);
    prometheus_single (
        self, PROMETHEUS_GAUGE, "open_fds", "Open file descriptors.", usage.open_descriptors);
    prometheus_single (self, PROMETHEUS_GAUGE, "max_fds",
        "File descriptors that this process may open.", usage.max_descriptors);
    prometheus_single (
        self, PROMETHEUS_GAUGE, "threads", "Threads of this process.", usage.threads);
    self->prefix = prefix;
}

text_t
prometheus_text (const prometheus_text_t *self)
{
    return text_of (self->text->str, self->text->len);
}
