//  Numbers in Prometheus' text format (version 0.0.4), metric by metric. One thread owns a text.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_PROMETHEUS_TEXT_H
#define DOWNLINK_PROMETHEUS_TEXT_H

#include "common/process/metrics.h"
#include "common/text/text.h"

#define PROMETHEUS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

typedef enum { PROMETHEUS_COUNTER, PROMETHEUS_GAUGE, PROMETHEUS_HISTOGRAM } prometheus_kind_t;

typedef struct prometheus_text prometheus_text_t;

//  Make an empty text. Each name gets the prefix ("downlink_gateway_"), which must stay valid.
prometheus_text_t *prometheus_text_new (const char *prefix);

void prometheus_text_destroy (prometheus_text_t **self_p);

//  Begin a metric; add its samples next. A counter's name ends in _total.
void prometheus_begin (
    prometheus_text_t *self, prometheus_kind_t kind, const char *name, const char *help);

//  The labels of a sample: none, one or two. Values may hold any bytes.
typedef struct {
    const char *name;
    const char *value;
    const char *second_name;
    const char *second_value;
} labels_t;

static inline labels_t
no_labels (void)
{
    return (labels_t){NULL, NULL, NULL, NULL};
}

static inline labels_t
one_label (const char *name, const char *value)
{
    return (labels_t){name, value, NULL, NULL};
}

//  Add a sample to the current metric.
void prometheus_count (prometheus_text_t *self, uint64_t number, labels_t labels);
void prometheus_real (prometheus_text_t *self, double number, labels_t labels);

//  Add a metric with one sample and no labels.
void prometheus_single (prometheus_text_t *self, prometheus_kind_t kind, const char *name,
    const char *help, uint64_t number);

//  Add a histogram, in seconds.
void prometheus_durations (
    prometheus_text_t *self, const char *name, const char *help, const durations_t *durations);

//  Add the process_ metrics that Prometheus' own clients have, and build_info with the version.
void prometheus_process (prometheus_text_t *self);

//  Return the text, borrowed until the next call.
text_t prometheus_text (const prometheus_text_t *self);

#endif
