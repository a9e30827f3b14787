//  What the service manager is told of the process: systemd's sd_notify protocol, a datagram to the
//  socket that NOTIFY_SOCKET names. Without one nothing happens. Any thread may call.
//  SPDX-License-Identifier: Apache-2.0
#ifndef DOWNLINK_NOTIFY_H
#define DOWNLINK_NOTIFY_H

#include <stdint.h>

//  It does what it is for; once.
void notify_ready (void);

//  It was told to stop, and does.
void notify_stopping (void);

//  Its loops turn.
void notify_alive (void);

//  How often notify_alive is wanted at the least, in milliseconds (WATCHDOG_USEC); 0: never.
uint64_t notify_alive_ms (void);

#endif
