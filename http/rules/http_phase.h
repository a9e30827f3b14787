//  The phases of a request, from its first line to the end of its answer.
//
//    phase      the request                                   goes on to
//    LINE       has its request line                          BODY, ANSWERED
//    BODY       has its head; its body is small so far        WHOLE, PIECES, SKIPPED, SHOWN
//    WHOLE      receives a large body, all of it in memory    SKIPPED, SHOWN
//    PIECES     passes on a large body in pieces              PAUSED, SKIPPED, SHOWN
//    PAUSED     is held while its body arrives                PAUSED, PIECES, SKIPPED, GONE
//    SKIPPED    has a refused body, the rest is ignored       SHOWN
//    SHOWN      is complete; its handler runs                 HELD, ANSWERED, STREAMING
//    HELD       waits for its answer                          HELD, GONE, ANSWERED, STREAMING
//    GONE       is still held, but its client has left        GONE
//    ANSWERED   has its answer, which goes out                -
//    STREAMING  has an endless answer, which goes out         ABORTED
//    ABORTED    has its stream cut off                        ABORTED
//
//  libmicrohttpd ends a request in any phase: it frees one that is not held, and makes a held one
//  GONE. http_request_enter changes the phase, and aborts the program on a step that is not in the
//  table.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_HTTP_PHASE_H
#define DOWNLINK_HTTP_PHASE_H

#include <stdbool.h>

typedef enum {
    REQUEST_LINE,  //  in the order of a request's life: it is complete from REQUEST_SHOWN on
    REQUEST_BODY,
    REQUEST_WHOLE,
    REQUEST_PIECES,
    REQUEST_PAUSED,
    REQUEST_SKIPPED,
    REQUEST_SHOWN,
    REQUEST_HELD,
    REQUEST_GONE,
    REQUEST_ANSWERED,
    REQUEST_STREAMING,
    REQUEST_ABORTED,
    REQUEST_PHASES
} http_phase_t;

//  Return true if the table has this step. This function and the next are inline, as they run
//  several times for each request.
static inline bool
http_phase_may_follow (http_phase_t before, http_phase_t after)
{
#define BIT(phase) (1u << (phase))
    static const unsigned next[REQUEST_PHASES] = {
        [REQUEST_LINE] = BIT (REQUEST_BODY) | BIT (REQUEST_ANSWERED),
        [REQUEST_BODY] = BIT (REQUEST_WHOLE) | BIT (REQUEST_PIECES) | BIT (REQUEST_SKIPPED) |
                         BIT (REQUEST_SHOWN),
        [REQUEST_WHOLE] = BIT (REQUEST_SKIPPED) | BIT (REQUEST_SHOWN),
        [REQUEST_PIECES] = BIT (REQUEST_PAUSED) | BIT (REQUEST_SKIPPED) | BIT (REQUEST_SHOWN),
        [REQUEST_PAUSED] = BIT (REQUEST_PAUSED) | BIT (REQUEST_PIECES) | BIT (REQUEST_SKIPPED) |
                           BIT (REQUEST_GONE),
        [REQUEST_SKIPPED] = BIT (REQUEST_SHOWN),
        [REQUEST_SHOWN] = BIT (REQUEST_HELD) | BIT (REQUEST_ANSWERED) | BIT (REQUEST_STREAMING),
        [REQUEST_HELD] = BIT (REQUEST_HELD) | BIT (REQUEST_GONE) | BIT (REQUEST_ANSWERED) |
                         BIT (REQUEST_STREAMING),
        [REQUEST_GONE] = BIT (REQUEST_GONE),
        [REQUEST_STREAMING] = BIT (REQUEST_ABORTED),
        [REQUEST_ABORTED] = BIT (REQUEST_ABORTED)};
    return next[before] & BIT (after);
#undef BIT
}

//  Return true in the phases in which a handler holds the request.
static inline bool
http_phase_is_held (http_phase_t phase)
{
    return phase == REQUEST_PAUSED || phase == REQUEST_HELD || phase == REQUEST_GONE;
}

#endif
