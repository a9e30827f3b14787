//  The summary of a campaign, for people or as JSON.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_REPORT_H
#define DOWNLINK_REPORT_H

#include "launch/campaign.h"

//  Sort the latencies, and print the summary on standard output, with the seed of the flights.
//  is_repeat: the gateway knew the flights before, so their messages were duplicates.
void report_print (campaign_result_t *result, uint64_t seed, bool is_repeat, bool as_json);

#endif
