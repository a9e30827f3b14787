//  The summary of a campaign, for people or as JSON.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_REPORT_H
#define DOWNLINK_REPORT_H

#include "launch/campaign.h"

//  Print the summary on standard output, with the seed of the flights. is_repeat: the gateway knew
//  them before, so their messages count no more. It sorts the latencies.
void report_print (campaign_result_t *result, uint64_t seed, bool is_repeat, bool as_json);

#endif
