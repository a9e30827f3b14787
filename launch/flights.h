//  Make the messages of simulated rockets from a seed, and the states that these messages must lead
//  to. This code shares nothing with the fold: it computes the states while it makes the messages,
//  in order.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_FLIGHTS_H
#define DOWNLINK_FLIGHTS_H

#include <glib.h>
#include <stdint.h>

//  The state of a rocket at the end.
typedef struct {
    char id[40];
    const char *type;
    const char *mission;
    const char *explosion_reason;  //  NULL: it is flying
    int64_t speed;
    uint64_t messages;  //  numbers 1 to this
    int64_t last_time_us;
} flight_t;

typedef struct {
    uint64_t rockets;
    uint64_t messages;  //  of all rockets together
    uint64_t seed;
    uint64_t shuffle;   //  places that a message may come early or late
    double duplicates;  //  share of messages that come twice
} flight_plan_t;

typedef struct {
    GArray *flights;      //  of flight_t
    GPtrArray *messages;  //  of char *: JSON, in the order of sending, repeats included
} flights_t;

//  Make flights. The same plan always makes the same flights.
flights_t *flights_new (const flight_plan_t *plan);

void flights_destroy (flights_t **self_p);

#endif
