//  SPDX-License-Identifier: Apache-2.0
#include "http/coding/http_accept_encoding.h"

#include <string.h>

#define ITEMS_MAX 32  //  of a list; later ones are passed over
#define WEIGHT_MAX 1000

//  Return the weight behind the name of a coding, in thousandths; 0 for an invalid weight, so that
//  the coding is not used.
static int
s_read_weight (char *parameters)
{
    if (!parameters)
        return WEIGHT_MAX;
    const char *weight = g_strstrip (parameters);
    if (g_ascii_strncasecmp (weight, "q=", 2) != 0)
        return 0;
    char *end = NULL;
    double value = g_ascii_strtod (weight + 2, &end);
    return *end == '\0' && end > weight + 2 && value >= 0 && value <= 1 ? (int) (value * WEIGHT_MAX)
                                                                        : 0;
}

http_coding_t
http_accept_encoding_choose (const char *list)
{
    if (!list)
        return CODING_IDENTITY;
    int weights[CODING_UNKNOWN] = {-1, -1, -1};  //  -1: not named
    int others = 0;                              //  of *
    char **items = g_strsplit (list, ",", ITEMS_MAX);
    for (char **item = items; *item; item++) {
        char *parameters = strchr (*item, ';');
        if (parameters)
            *parameters++ = '\0';
        const char *name = g_strstrip (*item);
        http_coding_t coding = *name ? http_coding_read (name) : CODING_UNKNOWN;
        if (strcmp (name, "*") == 0)
            others = s_read_weight (parameters);
        else if (coding < CODING_UNKNOWN)
            weights[coding] = s_read_weight (parameters);
    }
    g_strfreev (items);
    http_coding_t best = CODING_IDENTITY;
    int best_weight = MAX (weights[CODING_IDENTITY], 1);
    for (http_coding_t coding = CODING_GZIP; coding <= CODING_ZSTD; coding++) {
        int weight = weights[coding] < 0 ? others : weights[coding];
        if (weight >= best_weight) {
            best = coding;
            best_weight = weight;
        }
    }
    return best;
}
