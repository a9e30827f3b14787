//  Find the place where a text stops being JSON, for the sentence that a client gets. This is slow,
//  so use it only for texts that the reader of messages has refused.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_JSON_FAULT_H
#define DOWNLINK_JSON_FAULT_H

#include <stdbool.h>

#include "common/text/text.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JSON_FAULT_MAX_DEPTH 32  //  levels of objects and arrays in a body; deeper is a fault

typedef struct {
    size_t line;    //  counted from 1
    size_t column;  //  counted from 1, in characters
    char what[96];  //  without a full stop
    bool is_too_deep;
} json_fault_t;

//  Find the first fault of a text, in time proportional to its size. Return false if there is none.
//  The text may still not be JSON: this function misses lone surrogates in escapes, form feeds, and
//  a word or string that the end cuts off.
bool json_fault_find (text_t text, json_fault_t *fault) __attribute__ ((warn_unused_result));

#ifdef __cplusplus
}
#endif

#endif
