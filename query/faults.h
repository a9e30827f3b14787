//  Sentences about faults of processors and of their answers, for standard error.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_FAULTS_H
#define DOWNLINK_FAULTS_H

#include "query/find_processors.h"

//  Make an empty list of sentences; the caller frees it with g_ptr_array_unref.
GPtrArray *faults_new (void);

//  Add a sentence.
void faults_add (GPtrArray *self, const char *format, ...) __attribute__ ((format (printf, 2, 3)));

//  Add a sentence for each processor that sent no answer.
void faults_of_answers (GPtrArray *self, const GPtrArray *answers);

//  Add a sentence for each member without an address.
void faults_of_lost (GPtrArray *self, const GPtrArray *found);

//  Add a sentence about the partitions without an owner that answered.
void faults_of_coverage (GPtrArray *self, const coverage_t *coverage);

//  Add a sentence if two processors keep different states.
void faults_of_states (GPtrArray *self, const GPtrArray *found);

//  Add the same for two processors, each given by host:port.
void faults_of_two (GPtrArray *self, const char *place, const char *state, const char *other,
    const char *other_state);

//  Print the sentences on standard error, and free the list. Return true if there were any.
bool faults_print (GPtrArray **self_p);

#endif
